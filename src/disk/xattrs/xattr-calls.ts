// SPDX-License-Identifier: MIT
import { createRequire } from "node:module";
import type * as Addon from "@napi-rs/xattr";

/**
 * The two system calls that Node lacks, as `@napi-rs/xattr` has them. Neither follows a link. Names are
 * text: one that is not UTF-8 can't be passed, and is an error with the code `InvalidArg` when listed.
 */
export interface XattrCalls {
  listAttributesSync(path: string): readonly string[];
  /** Null when there is none, or it may not be read. */
  getAttributeSync(path: string, name: string): Uint8Array | null;
}

/** The calls of `@napi-rs/xattr` that write. None of them follows a link; a path and a name are text. */
export interface XattrWriteCalls extends XattrCalls {
  setAttributeSync(path: string, name: string, value: Uint8Array): void;
  removeAttributeSync(path: string, name: string): void;
}

/** The optional package with the calls. */
export const ADDON = "@napi-rs/xattr";

let loaded: { readonly calls: XattrCalls } | { readonly failure: unknown } | undefined;

/**
 * The calls of the optional package `@napi-rs/xattr`, loaded when they are asked for first.
 * @throws whatever loading throws: the package may be left out, and has no build for some architectures
 */
export function loadXattrCalls(): XattrCalls {
  loaded ??= tryToLoad();
  if ("calls" in loaded) return loaded.calls;
  throw loaded.failure;
}

function tryToLoad(): NonNullable<typeof loaded> {
  try {
    return { calls: createRequire(import.meta.url)(ADDON) as typeof Addon };
  } catch (failure) {
    return { failure };
  }
}
