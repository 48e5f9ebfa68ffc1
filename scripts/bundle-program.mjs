// SPDX-License-Identifier: MIT
// Makes the program a few files, dist/program, out of what tsc made: Node takes twice the processor time to find and load the
// 290 modules that an unpack needs, and one file for all takes `--version` as long as an unpack. Beside them: the licenses of the
// packages that are in them.
import { readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { rolldown } from "rolldown";

const dist = new URL("../dist/", import.meta.url);
const START = fileURLToPath(new URL("cli/main.js", dist));
const COMMAND_LINE = fileURLToPath(new URL("cli/program.js", dist));
/** Of each module, all that are loaded with it. @type {Map<string, Set<string>>} */
const closures = new Map();

const bundle = await rolldown({
  input: START,
  platform: "node",
  // its paths lead to the sources
  tsconfig: false,
  // looked for while the program runs: the one may be missing, the other is loaded by the text of a worker
  external: [/^node:/, "@napi-rs/xattr", "zstd-codec"],
  preserveEntrySignatures: false,
  // what is imported when it is needed may be loaded already, with other modules
  checks: { ineffectiveDynamicImport: false },
});
const { output } = await bundle.write({
  dir: fileURLToPath(new URL("program", dist)),
  chunkFileNames: "[name].js",
  codeSplitting: {
    includeDependenciesRecursively: false,
    groups: [{ debugName: "what is loaded together", name: partOf }],
  },
});
await bundle.close();
writeFileSync(new URL("program/LICENSES", dist), packagesIn(output).map(licenseOf).join("\n"));
// the program's modules are in it; who uses the library imports the others
rmSync(new URL("cli", dist), { recursive: true });

/**
 * The file that a module goes to, by what is loaded with it.
 * @typedef {{ getModuleInfo: (id: string) => { importedIds: string[] } | null }} Graph
 * @type {(module: string, graph: Graph) => string | null}
 */
function partOf(module, graph) {
  // which waits for a command to end: what a command imported of that file would wait for it in turn
  if (module === START) return null;
  if (closureOf(START, graph).has(module)) return "start";
  if (closureOf(COMMAND_LINE, graph).has(module)) return "command-line";
  const closure = [...closureOf(module, graph)];
  if (closure.some((id) => id.includes("/node_modules/undici/"))) return "registry";
  if (closure.some((id) => id.includes("/node_modules/yaml/"))) return "configuration";
  return "images";
}

/** @type {(module: string, graph: Graph) => Set<string>} */
function closureOf(module, graph) {
  const known = closures.get(module);
  if (known !== undefined) return known;
  const found = new Set([module]);
  for (const id of found) {
    for (const next of graph.getModuleInfo(id)?.importedIds ?? []) found.add(next);
  }
  closures.set(module, found);
  return found;
}

/** @type {(files: import("rolldown").RolldownOutput["output"]) => string[]} the directories of the packages in them */
function packagesIn(files) {
  const directories = files
    .flatMap((file) => (file.type === "chunk" ? file.moduleIds : []))
    .flatMap((module) => /^.*\/node_modules\/(@[^/]+\/)?[^/]+(?=\/)/.exec(module)?.[0] ?? []);
  return [...new Set(directories)].sort();
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
