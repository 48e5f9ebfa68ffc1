// SPDX-License-Identifier: MIT
// Bundles what tsc made into the few files of the program, dist/program. Node needs twice the processor time
// to find and load the 290 modules that an unpack uses, and with a single file for everything `--version`
// would take as long to start as an unpack. Writes the licenses of the bundled packages beside the files.
import { readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { rolldown } from "rolldown";

const dist = new URL("../dist/", import.meta.url);
const START = fileURLToPath(new URL("cli/main.js", dist));
const COMMAND_LINE = fileURLToPath(new URL("cli/program.js", dist));
/** For each module, all modules that are loaded with it. @type {Map<string, Set<string>>} */
const closures = new Map();

const bundle = await rolldown({
  input: START,
  platform: "node",
  // tsconfig.json maps imports to the sources, not to what tsc made
  tsconfig: false,
  // resolved while the program runs: @napi-rs/xattr is optional, and zstd-codec is loaded by a worker from
  // its text
  external: [/^node:/, "@napi-rs/xattr", "zstd-codec"],
  preserveEntrySignatures: false,
  // a module imported dynamically may already be loaded together with others
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
// the bundle contains these modules; users of the library import only the others
rmSync(new URL("cli", dist), { recursive: true });

/**
 * Chooses the output file of a module by the modules that are loaded with it.
 * @typedef {{ getModuleInfo: (id: string) => { importedIds: string[] } | null }} Graph
 * @type {(module: string, graph: Graph) => string | null}
 */
function partOf(module, graph) {
  // START waits for the command to end; if a command imported something from START's file, they would wait
  // for each other
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
