// SPDX-License-Identifier: MIT
"use strict";
// Keeps the code that V8 compiled from the program's files in the cache directory, so that later runs need not compile it
// again. V8 itself rejects code that was compiled by another version or with other flags. This file is loaded before everything
// else, so it is plain CommonJS and requires only modules that Node has loaded anyway, or that the program loads in any case.
const fs = require("node:fs");
const { basename, dirname, join } = require("node:path");
const { Script } = require("node:vm");

const Module = module.constructor;
const LONGEST_UNUSED = 30 * 24 * 3600_000;

/** Files with a hash of their content in their names, which are the keys of the cache. */
const HASHED = /-[\w-]{8}\.js$/;

/**
 * How V8 runs the program. Nearly all objects of a run become garbage soon, and V8 responds by growing its young generation:
 * assembling 1.5 GB took 155 MB on Node 20, 228 MB on 24 and 242 MB on 26. With a young generation of constant size it took 107,
 * 122 and 116 MB, and no more time.
 *
 * WebAssembly is optimized only after it has run for long. Otherwise Node 20 optimizes undici's HTTP parser after a single
 * response, which took 120 ms of processor time. The zstd decoder is still optimized within a second.
 *
 * Some commands change such flags (src/cli/v8-flags.ts). V8 rejects code that was kept under other flags than it is loaded
 * under, so all of those are set here: before anything is loaded, and again before code is kept.
 */
const FLAGS = [
  "--semi-space-growth-factor=1",
  "--heap-growing-percent=0",
  "--wasm-tiering-budget=100000000",
];

/**
 * Commands that ask a registry or a layout for a few documents. No flag would help them, and loading `node:v8` to set flags is a
 * tenth of the processor time that they add to that of Node itself.
 */
const SMALL = new Set(
  "catalog completion delete digest inspect login logout referrers retag tags token".split(" "),
);

/** The first word of a command line, if it is a command. */
const COMMAND = /^[a-z][a-z-]{0,30}$/;

/**
 * Returns a function that loads the files of the directory `program`, CommonJS in ASCII, by names such as `./main.js`. It makes
 * them use the cache, and adds new code to the cache when the process exits. The program works without the cache, so errors in
 * reading or writing it are ignored. Node's own loader would take longer: it looks up which package each file belongs to.
 *
 * Each command has its own code in the cache, of the functions that it calls: one with those of another command has to compile
 * its own again in every run, which was 7 % of the time of a small one.
 */
exports.openProgram = function openProgram(program) {
  const cache = openCache(process.env);
  const [, , word = ""] = process.argv;
  const command = COMMAND.test(word) ? word : "other";
  const setFlags = () => {
    if (!SMALL.has(command)) FLAGS.forEach(require("node:v8").setFlagsFromString);
  };
  setFlags();
  const modules = new Map();
  const made = new Map();
  const load = (name) => {
    if (!name.startsWith("./")) return require(name);
    const known = modules.get(name);
    if (known !== undefined) return known.exports;
    const module = { exports: {} };
    modules.set(name, module);
    const file = join(program, name);
    const run = compile(file).runInThisContext();
    run.call(module.exports, module.exports, load, module, file, program);
    return module.exports;
  };
  const compile = (filename) => {
    const code = Module.wrap(fs.readFileSync(filename, "latin1"));
    if (cache === undefined || !HASHED.test(filename)) return new Script(code, { filename });
    const kept = join(cache, `${basename(filename)}-${command}-${process.version}-${process.arch}`);
    const cachedData = readKept(kept);
    const script = new Script(code, { filename, cachedData });
    if (cachedData === undefined || script.cachedDataRejected === true) made.set(kept, script);
    return script;
  };
  process.once("exit", () => {
    if (made.size > 0) setFlags();
    for (const [file, script] of made) keep(file, script);
    if (made.size > 0) sweep(cache);
  });
  return load;
};

/** The cache's directory, or undefined if another user could have written to it, because the code in it is executed. */
function openCache({ OCI_KIT_CACHE: own, XDG_CACHE_HOME: shared, HOME: home }) {
  const caches = shared?.startsWith("/") ? shared : home && join(home, ".cache");
  const kit = own || (caches && join(caches, "oci-kit"));
  if (!kit) return undefined;
  const cache = join(kit, "code");
  try {
    makeDirectories(cache);
    const { uid, mode } = fs.lstatSync(cache);
    return uid === process.geteuid?.() && (mode & 0o022) === 0 ? cache : undefined;
  } catch {
    return undefined;
  }
}

/** Makes a directory and its missing parents. Node's own recursive mkdir never returns below /proc, for one (src/files/make-directories.ts). */
function makeDirectories(path) {
  if (fs.existsSync(path)) return;
  makeDirectories(dirname(path));
  fs.mkdirSync(path, 0o700);
}

function readKept(file) {
  try {
    return fs.readFileSync(file);
  } catch {
    return undefined;
  }
}

/** Writes a script's code to the cache. Called at exit, so that it includes the functions V8 compiled on their first call. */
function keep(file, script) {
  const temporary = `${file}.${process.pid}`;
  try {
    fs.writeFileSync(temporary, script.createCachedData(), { mode: 0o600 });
    fs.renameSync(temporary, file);
  } catch {
    fs.rmSync(temporary, { force: true });
  }
}

/** Removes files that were not used for a long time, such as those of older versions. */
function sweep(cache) {
  try {
    for (const name of fs.readdirSync(cache)) {
      const { atimeMs, mtimeMs } = fs.statSync(join(cache, name));
      if (Date.now() - Math.max(atimeMs, mtimeMs) > LONGEST_UNUSED) fs.rmSync(join(cache, name));
    }
  } catch {
    // another process is removing the same files
  }
}
