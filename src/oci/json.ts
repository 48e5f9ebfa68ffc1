// SPDX-License-Identifier: MIT
import { OciError } from "./errors.ts";
import type { Limits } from "./limits.ts";

export interface ParseJsonOptions {
  /** For messages: what the bytes are. */
  readonly what?: string | undefined;
  readonly limits?: Partial<Limits> | undefined;
}
export function parseJson(bytes: Uint8Array, options: ParseJsonOptions = {}): unknown {
  throw new OciError("invalid-json", options.what ?? String(bytes.length));
}
/** Compact JSON of a document that we make: keys in the order of insertion, UTF-8. */
export function formatJson(value: unknown): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(JSON.stringify(value));
}
