// SPDX-License-Identifier: MIT
import { compileDeflate } from "../scripts/compile-deflate.mjs";

const NAME = "#deflate";
const RESOLVED = `\0${NAME}`;

/** Compiles the module `#deflate` from its sources when a test first needs it, since `dist` may be missing or older. */
export function deflateWasm(): {
  readonly name: string;
  readonly enforce: "pre";
  resolveId: (id: string) => string | undefined;
  load: (id: string) => Promise<string> | undefined;
} {
  return {
    name: "deflate-wasm",
    enforce: "pre",
    resolveId: (id) => (id === NAME ? RESOLVED : undefined),
    load: (id) => (id === RESOLVED ? compileDeflate() : undefined),
  };
}
