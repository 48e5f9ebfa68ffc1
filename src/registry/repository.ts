// SPDX-License-Identifier: MIT
import type { ContentStore } from "../store/store.ts";
import type { RegistryOptions } from "./options.ts";

/** A repository over HTTP as a content store. Nothing is sent before the first request. */
export function openRepository(
  repository: { readonly registry: string; readonly repository: string },
  options: RegistryOptions = {},
): ContentStore {
  throw new Error(`${repository.registry} ${String(options.userAgent)}`);
}
