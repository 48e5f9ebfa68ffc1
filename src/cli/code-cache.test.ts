// SPDX-License-Identifier: MIT
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";

const CACHE = join(import.meta.dirname, "../../bin/code-cache.cjs");
/** A program whose file changes flags of V8 while it runs, as some commands do. */
const PROGRAM = `require("node:v8").setFlagsFromString("--semi-space-growth-factor=16");
require("node:v8").setFlagsFromString("--heap-growing-percent=50");
exports.main = () => console.log(process.argv[2]);`;

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "oci-kit-test-"));
  mkdirSync(join(directory, "program"));
  writeFileSync(join(directory, "program/part-abcdefgh.js"), PROGRAM);
  writeFileSync(
    join(directory, "start.cjs"),
    `require(${JSON.stringify(CACHE)}).openProgram(${JSON.stringify(join(directory, "program"))})("./part-abcdefgh.js").main();`,
  );
});
afterEach(() => rmSync(directory, { recursive: true }));

/** Runs the program, and returns the files of the cache with what tells whether they were written anew. */
function run(command: string): Record<string, number> {
  const env = { ...process.env, OCI_KIT_CACHE: join(directory, "cache") };
  const said = execFileSync(process.execPath, [join(directory, "start.cjs"), command], { env });
  expect(said.toString()).toBe(`${command}\n`);
  const code = join(directory, "cache/code");
  return Object.fromEntries(
    readdirSync(code).map((name) => [name, statSync(join(code, name)).ino]),
  );
}

it("compiled code is kept once, also by a program that changes flags of V8", () => {
  const first = run("unpack");
  expect(Object.keys(first)).toHaveLength(1);
  expect(run("unpack")).toEqual(first);
});

it("each command keeps its own code, and what is no command has no say in the name", () => {
  const names = [...["tags", "copy", "../../x", "-C"].map(run), run("--help")].map((kept) =>
    Object.keys(kept),
  );
  expect(names.map(({ length }) => length)).toEqual([1, 2, 3, 3, 3]);
  expect(names.flat().join()).not.toContain("x.js");
});

it("a program whose cache directory can't be made runs without one, and does not try for ever", () => {
  // below /proc the system answers ENOENT, at which Node's recursive mkdir starts again
  for (const cache of ["/proc/oci-kit-cache", join(directory, "program/part-abcdefgh.js/below")]) {
    const env = { ...process.env, OCI_KIT_CACHE: cache };
    const options = { env, timeout: 20_000 };
    const said = execFileSync(process.execPath, [join(directory, "start.cjs"), "tags"], options);
    expect(said.toString()).toBe("tags\n");
  }
});
