// SPDX-License-Identifier: MIT
// Compiles src/bytes/deflate/wasm, which is AssemblyScript, to the WebAssembly in the module that `#deflate` stands for.
import { writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { main } from "assemblyscript/asc";

const root = fileURLToPath(new URL("..", import.meta.url));
// No allocator and no checks for debugging; 64 pages of 64 KiB, of which memory.ts gives each byte its place.
const OPTIONS = ["-O3", "--runtime", "stub", "--noAssert", "--initialMemory", "64"];

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  writeFileSync(new URL("../dist/bytes/deflate/wasm.js", import.meta.url), await compileDeflate());
}

/** The text of a module that exports the WebAssembly in base64. @type {() => Promise<string>} */
export async function compileDeflate() {
  const args = [
    "src/bytes/deflate/wasm/deflate.ts",
    "--baseDir",
    root,
    "--outFile",
    "deflate.wasm",
  ];
  /** @type {Uint8Array | undefined} */
  let made;
  let told = "";
  const { error } = await main([...args, ...OPTIONS], {
    stderr: { write: (text) => void (told += String(text)) },
    writeFile: (name, contents) => {
      if (name === "deflate.wasm") made = /** @type {Uint8Array} */ (contents);
    },
  });
  if (error !== null || made === undefined) throw new Error(told, { cause: error });
  return `export const wasm = "${Buffer.from(made).toString("base64")}";\n`;
}
