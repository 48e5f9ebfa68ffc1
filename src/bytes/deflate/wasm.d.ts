// SPDX-License-Identifier: MIT

/** The compressor of src/bytes/deflate/wasm, compiled by scripts/compile-deflate.mjs. */
declare module "#deflate" {
  /** WebAssembly, in base64. */
  export const wasm: string;
}

/** What is used of it here. TypeScript declares it for browsers only. */
declare namespace WebAssembly {
  interface Module {
    readonly [Symbol.toStringTag]: string;
  }
  interface Instance {
    readonly exports: object;
  }
  const Module: new (bytes: Uint8Array) => Module;
  const Instance: new (module: Module) => Instance;
}
