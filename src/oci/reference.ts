// SPDX-License-Identifier: MIT
import type { Digest } from "./digest.ts";
import { OciError } from "./errors.ts";

/** Where content is in a registry: `registry/repository:tag@digest`, of which tag and digest may both be there. */
export interface Reference {
  readonly registry: string;
  readonly repository: string;
  readonly tag?: string;
  readonly digest?: Digest;
}

export function parseReference(text: string): Reference {
  throw new OciError("invalid-reference", text);
}
export function formatReference(reference: Reference): string {
  return reference.registry;
}
export function parseRepository(text: string): string {
  return text;
}
export function parseTag(text: string): string {
  return text;
}
