// SPDX-License-Identifier: MIT
import type { AbortOptions } from "../bytes/bytes.ts";
import { OciError } from "../oci/errors.ts";
import type { Limits } from "../oci/limits.ts";
import type { ContentStore, StoreCapabilities } from "./store.ts";

/** An OCI image layout directory (image-spec, image-layout.md) as a content store. */
export interface LayoutStore extends ContentStore {
  readonly directory: string;
  readonly capabilities: StoreCapabilities &
    Required<Pick<StoreCapabilities, "tags" | "roots" | "addRoot" | "untag" | "remove">>;
}

/** Options of {@link openLayout}. */
export interface OpenLayoutOptions extends AbortOptions {
  /** Make the layout where there is nothing, or an empty directory. */
  readonly create?: boolean | undefined;
  readonly limits?: Partial<Limits> | undefined;
  /** Milliseconds to wait for another process that edits `index.json`. */
  readonly lockTimeout?: number | undefined;
}

export function openLayout(
  directory: string,
  options: OpenLayoutOptions = {},
): Promise<LayoutStore> {
  throw new OciError("invalid-layout", directory, { details: { options } });
}
