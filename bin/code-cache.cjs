// SPDX-License-Identifier: MIT
"use strict";
// What V8 made of the program's files is kept beside the other caches, and taken instead of compiling them again. V8 itself
// refuses what another version or other flags made. Plain CommonJS, and no module of Node that is not loaded anyway, because
// this is loaded before everything else.
const fs = require("node:fs");
const { basename, dirname, join } = require("node:path");
const { Script } = require("node:vm");

const LONGEST_UNUSED = 30 * 24 * 3600_000;

/**
 * Lets all that is loaded from a directory from now on use the cache, and fills it when the process ends. A file's name there
 * has a hash of what is in it. Nothing of the cache is needed: what can't be read or written is passed over.
 */
exports.useCodeCache = function useCodeCache(program) {
  const cache = openCache(process.env);
  if (cache === undefined) return;
  const Module = module.constructor;
  const compile = Module.prototype._compile;
  const made = new Map();
  Module.prototype._compile = function (content, file) {
    if (dirname(file) !== program) return compile.call(this, content, file);
    const kept = join(cache, `${basename(file)}-${process.version}-${process.arch}`);
    const cachedData = readKept(kept);
    const script = new Script(Module.wrap(content), { filename: file, cachedData });
    if (cachedData === undefined || script.cachedDataRejected === true) made.set(kept, script);
    const require = (id) => this.require(id);
    const args = [this.exports, require, this, file, program];
    return script.runInThisContext().apply(this.exports, args);
  };
  process.once("exit", () => {
    for (const [file, script] of made) keep(file, script);
    if (made.size > 0) sweep(cache);
  });
};

/** A directory that nobody else can have written to: what is in it is run. */
function openCache({ OCI_KIT_CACHE: own, XDG_CACHE_HOME: shared, HOME: home }) {
  const caches = shared?.startsWith("/") ? shared : home && join(home, ".cache");
  const kit = own || (caches && join(caches, "oci-kit"));
  if (!kit) return undefined;
  const cache = join(kit, "code");
  try {
    fs.mkdirSync(cache, { recursive: true, mode: 0o700 });
    const { uid, mode } = fs.lstatSync(cache);
    return uid === process.geteuid?.() && (mode & 0o022) === 0 ? cache : undefined;
  } catch {
    return undefined;
  }
}

function readKept(file) {
  try {
    return fs.readFileSync(file);
  } catch {
    return undefined;
  }
}

/** With the functions that ran, which V8 compiled when they were called. */
function keep(file, script) {
  const temporary = `${file}.${process.pid}`;
  try {
    fs.writeFileSync(temporary, script.createCachedData(), { mode: 0o600 });
    fs.renameSync(temporary, file);
  } catch {
    fs.rmSync(temporary, { force: true });
  }
}

/** Removes what versions left that are not used any more. */
function sweep(cache) {
  try {
    for (const name of fs.readdirSync(cache)) {
      const { atimeMs, mtimeMs } = fs.statSync(join(cache, name));
      if (Date.now() - Math.max(atimeMs, mtimeMs) > LONGEST_UNUSED) fs.rmSync(join(cache, name));
    }
  } catch {
    // another process swept it
  }
}
