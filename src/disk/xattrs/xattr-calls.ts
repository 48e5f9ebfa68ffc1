// SPDX-License-Identifier: MIT
import { createRequire } from "node:module";
import type * as Addon from "@napi-rs/xattr";

/**
 * The two system calls that Node lacks, as `@napi-rs/xattr` provides them. They do not follow links. Names are
 * text: one that is not UTF-8 cannot be passed, and listing it is an error with the code `InvalidArg`.
 */
export interface XattrCalls {
  listAttributesSync(path: string): readonly string[];
  /** Null when there is no such attribute, or it may not be read. */
  getAttributeSync(path: string, name: string): Uint8Array | null;
}

/** The calls of `@napi-rs/xattr` that write. They do not follow links; paths and names are text. */
export interface XattrWriteCalls extends XattrCalls {
  setAttributeSync(path: string, name: string, value: Uint8Array): void;
  removeAttributeSync(path: string, name: string): void;
}

/** The optional package that provides the calls. */
export const ADDON = "@napi-rs/xattr";

let loaded: { readonly calls: XattrCalls } | { readonly failure: unknown } | undefined;

/**
 * The calls of the optional package `@napi-rs/xattr`, which is loaded when first needed.
 * @throws the error of loading: the package may not be installed, and has no build for some architectures
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
