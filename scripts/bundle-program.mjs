// SPDX-License-Identifier: MIT
// Makes the program one file, dist/program/main.js, out of what tsc made: Node takes twice the processor time to find and load
// the 290 modules that an unpack needs. Beside it: the licenses of the packages that are in it.
import { readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { rolldown } from "rolldown";

const dist = new URL("../dist/", import.meta.url);

const bundle = await rolldown({
  input: fileURLToPath(new URL("cli/main.js", dist)),
  platform: "node",
  // looked for while the program runs: the one may be missing, the other is loaded by the text of a worker
  external: [/^node:/, "@napi-rs/xattr", "zstd-codec"],
});
const { output } = await bundle.write({
  dir: fileURLToPath(new URL("program", dist)),
  codeSplitting: false,
});
await bundle.close();

const [program, ...others] = output;
if (others.length > 0) throw new Error(`expected one file, got ${String(output.length)}`);
const packages = [...new Set(program.moduleIds.flatMap((id) => packageOf(id) ?? []))].sort();
writeFileSync(new URL("program/LICENSES", dist), packages.map(licenseOf).join("\n"));
// the program's modules are in it; who uses the library imports the other modules
rmSync(new URL("cli", dist), { recursive: true });

/** @type {(module: string) => string | undefined} the directory of the package that a module is of */
function packageOf(module) {
  return /^.*\/node_modules\/(@[^/]+\/)?[^/]+(?=\/)/.exec(module)?.[0];
}

/** @type {(directory: string) => string} */
function licenseOf(directory) {
  /** @type {unknown} */
  const parsed = JSON.parse(readFileSync(`${directory}/package.json`, "utf8"));
  const { name, version } = /** @type {{ name: string, version: string }} */ (parsed);
  const file = readdirSync(directory).find((entry) => /^licen[cs]e/i.test(entry));
  if (file === undefined) throw new Error(`${name} has no license beside it`);
  return `${name} ${version}\n\n${readFileSync(`${directory}/${file}`, "utf8")}`;
}
