// SPDX-License-Identifier: MIT
// Bundles what tsc made into the few files of the program, dist/program. Node needs twice the processor time
// to find and load the 290 modules that an unpack uses, and with a single file for everything `--version`
// would take as long to start as an unpack: each command loads what it needs. Writes the licenses of the
// bundled packages beside the files.
import { readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";
import { rolldown } from "rolldown";

const dist = new URL("../dist/", import.meta.url);
const START = fileURLToPath(new URL("cli/main.js", dist));
/** The files of the program, each with the modules that it is loaded for; a module is in the first that loads it. */
const PARTS = /** @type {const} */ ([
  ["start", ["cli/main.js"]],
  ["command-line", ["cli/program.js"]],
  ["readers", ["image/by-reference/inspect-reference.js", "image/by-reference/list-tags.js"]],
  ["registry", ["registry/mirrors/open-by-rules.js", "cli/input/registry-flags.js"]],
  ["registry-rules", ["registry/machine/parse-registry-rules.js"]],
  ["copies", ["image/by-reference/copy-reference.js", "image/by-reference/retag-reference.js"]],
  ["copy", ["cli/commands/copy-images.js"]],
  ["decoders", ["registry/content-decoders.js"]],
  [
    "conversions",
    [
      ...["convert/unpack/unpack-reference.js", "cli/commands/unpack-text.js"],
      ...["convert/pack/pack-to-reference.js", "cli/commands/pack-text.js"],
      "rootfs/layer-index/open-index-cache.js",
    ],
  ],
  // read by every push, and by everything that a registry asks for credentials
  ["credentials", ["registry/credentials/look-up.js"]],
]).map(
  ([name, files]) =>
    /** @type {const} */ ([name, files.map((file) => fileURLToPath(new URL(file, dist)))]),
);
/** Of each module, all that are loaded with it. @type {Map<string, Set<string>>} */
const closures = new Map();

/**
 * What packages load and the program does not use, by who loads it. Loading it was a third of a small command's time.
 * @type {readonly { by: RegExp, id: string, instead: string }[]}
 */
const UNUSED = [
  // for commands that are programs of their own, of which there are none
  { by: /\/commander\//, id: "node:child_process", instead: "module.exports = {};" },
  // schemas are never printed
  {
    by: /\/zod\//,
    id: "../core/json-schema-processors.js",
    instead: "module.exports = {};",
  },
  {
    by: /\/zod\//,
    id: "./json-schema-processors.js",
    instead: "module.exports = {};",
  },
  ...["./to-json-schema.js", "../core/to-json-schema.js"].map((id) => ({
    by: /\/zod\//,
    id,
    instead: `
      const leftOut = () => () => { throw new Error("JSON Schema is left out of the program"); };
      module.exports = { createToJSONSchemaMethod: leftOut, createStandardJSONSchemaMethod: leftOut, toJSONSchema: leftOut() };`,
  })),
  // HTTP/2 is never offered
  { by: /\/undici\//, id: "node:http2", instead: "module.exports = { constants: {} };" },
  // to know Node's own answers when they are sent as a body, and its default of the longest head
  {
    by: /\/undici\//,
    id: "node:http",
    instead: "module.exports = { IncomingMessage: class {}, maxHeaderSize: 16384 };",
  },
  // Of undici only the agent and its requests: its index loads fetch, web sockets and caches, and with them Node's own
  // copy of the same. What is set here is what that index sets.
  {
    by: /./,
    id: "undici",
    instead: `
      const Dispatcher = require("undici/lib/dispatcher/dispatcher.js");
      const Agent = require("undici/lib/dispatcher/agent.js");
      Object.assign(Dispatcher.prototype, require("undici/lib/api/index.js"));
      module.exports = { Agent };`,
  },
];

/**
 * Modules of Node that many parts import and few commands use: each is loaded when one of its exports is first read. Only
 * modules whose exports are the same in all versions of Node (unlike `node:zlib`), because those of this one are written down.
 */
const LATER = [
  "node:child_process",
  "node:crypto",
  "node:dns",
  "node:dns/promises",
  "node:fs/promises",
  "node:http",
  "node:https",
  "node:os",
  "node:stream/promises",
  "node:timers/promises",
  "node:tls",
  "node:worker_threads",
];

const loadLater = {
  name: "load-later",
  /** @type {(id: string, importer: string | undefined) => string | undefined} */
  resolveId(id, importer = "") {
    return LATER.includes(id) && !importer.startsWith("\0") ? `\0later-${id}.cjs` : undefined;
  },
  /** @type {(id: string) => string | undefined} */
  load(id) {
    const name = /^\0later-(.*)\.cjs/.exec(id)?.[1];
    if (name === undefined) return undefined;
    /** @type {unknown} */
    const exported = createRequire(import.meta.url)(name);
    const names = Object.keys(/** @type {object} */ (exported)).filter((one) => /^\w+$/.test(one));
    const getters = names.map((one) => `get ${one}() { return require("${name}").${one}; }`);
    return `module.exports = { ${getters.join(", ")} };`;
  },
};

const leaveOut = {
  name: "leave-out-unused",
  /** @type {(id: string, importer: string | undefined) => string | undefined} */
  resolveId(id, importer = "") {
    const at = UNUSED.findIndex((one) => one.id === id && one.by.test(importer));
    return at < 0 ? undefined : `\0unused-${at}-of-${id.replaceAll("/", "-")}.cjs`;
  },
  /** @type {(id: string) => string | undefined} */
  load(id) {
    const at = /^\0unused-(\d+)/.exec(id)?.[1];
    return at === undefined ? undefined : UNUSED[Number(at)]?.instead;
  },
};

const bundle = await rolldown({
  input: START,
  platform: "node",
  // tsconfig.json maps imports to the sources, not to what tsc made
  tsconfig: false,
  preserveEntrySignatures: "allow-extension",
  plugins: [leaveOut, loadLater],
  // looked for while the program runs: the one may be missing, the other is loaded by the text of a worker
  external: ["@napi-rs/xattr", "zstd-codec"],
  // what is imported when it is needed may be loaded already, with other modules
  checks: { ineffectiveDynamicImport: false },
});
// CommonJS, because Node 20 can keep what V8 made of that (bin/code-cache.cjs) and not of modules
const { output } = await bundle.write({
  dir: fileURLToPath(new URL("program", dist)),
  format: "cjs",
  minify: true,
  entryFileNames: "[name]-[hash].js",
  chunkFileNames: "[name]-[hash].js",
  codeSplitting: {
    includeDependenciesRecursively: false,
    groups: [{ debugName: "what is loaded together", name: partOf }],
  },
});
await bundle.close();
const program = new URL("program/", dist);
for (const file of output) {
  if (file.type === "chunk") writeFileSync(new URL(file.fileName, program), inAscii(file.code));
}
// The name of a file that the cache of code may keep has a hash of its content.
const [main] = output;
writeFileSync(new URL("main.js", program), `module.exports = require("./${main.fileName}");\n`);
writeFileSync(new URL("package.json", program), '{ "type": "commonjs" }\n');
writeFileSync(new URL("LICENSES", program), packagesIn(output).map(licenseOf).join("\n"));
// the bundle contains these modules; users of the library import only the others
rmSync(new URL("cli", dist), { recursive: true });

/**
 * Chooses the output file of a module by the modules that are loaded with it.
 * @typedef {{ getModuleInfo: (id: string) => { importedIds: string[] } | null }} Graph
 * @type {(module: string, graph: Graph) => string | null}
 */
function partOf(module, graph) {
  // Alone, without what it shares with others: commands that send no long body never load it. What stands for undici's
  // index goes with it: in another file the two would load each other, and the first would find the other unfinished.
  if (/\/undici\/|-of-undici\.cjs|\/registry\/pooled\//.test(module)) return "pooled";
  for (const [name, starts] of PARTS) {
    if (starts.some((start) => closureOf(start, graph).has(module))) return name;
  }
  const closure = [...closureOf(module, graph)];
  if (closure.some((id) => id.includes("/dist/report/html/"))) return "report-page";
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

/**
 * V8 keeps and scans text with other characters than these at twice the size.
 * @type {(code: string) => string}
 */
function inAscii(code) {
  return code.replace(
    /[\u0080-\uffff]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
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
