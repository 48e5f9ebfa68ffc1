// SPDX-License-Identifier: MIT
import { execFileSync, spawnSync } from "node:child_process";
import { join } from "node:path";
import { parseImagePath } from "../../src/cli/input/values/image-path.ts";

const CLI = join(import.meta.dirname, "../../bin/oci-kit");

/** The paths of an image as different commands list them, one character a byte, in the order in which they come. */
export interface ListedPaths {
  readonly find: readonly string[];
  /** Without the root, which `ls -R` does not list. */
  readonly ls: readonly string[];
  /** As GNU tar lists what `export` writes; without the root. */
  readonly tar: readonly string[];
}

/** What the built program writes to stdout, with the cache that is given. @throws unless it exits with 0 */
export function printed(cache: string, ...words: readonly string[]): Buffer {
  const env = { ...process.env, NODE_OPTIONS: "", OCI_KIT_CACHE: cache };
  const ran = spawnSync(process.execPath, [CLI, ...words], { env, maxBuffer: 1 << 28 });
  if (ran.status !== 0) throw new Error(`oci-kit ${words.join(" ")}: ${ran.stderr.toString()}`);
  return ran.stdout;
}

/** The lines of an output. */
export function linesOf(output: Buffer): string[] {
  return output.toString().split("\n").slice(0, -1);
}

/** The paths that a command prints. */
export function pathsOf(cache: string, ...words: readonly string[]): string[] {
  return linesOf(printed(cache, ...words)).map(parseImagePath);
}

/** Lists the paths of an image in every way. */
export function listPaths(cache: string, reference: string): ListedPaths {
  return {
    find: pathsOf(cache, "find", reference),
    ls: pathsOf(cache, "ls", "-R", reference),
    tar: tarNames(printed(cache, "export", reference)).filter((path) => path !== "/"),
  };
}

/** The names that GNU tar lists. */
function tarNames(tar: Buffer): string[] {
  const words = ["--quoting-style=escape", "-tf", "-"];
  const env = { ...process.env, LC_ALL: "C" };
  const listed = execFileSync("tar", words, { input: tar, env, maxBuffer: 1 << 28 });
  return linesOf(listed).map((line) => {
    const name = line.replaceAll(/\\([0-7]{3}|.)/g, (_, code: string) => unescape(code));
    return `/${name.replace(/\/$/, "").replace(/^\.\/?/, "")}`;
  });
}

const NAMED: Readonly<Record<string, string>> = {
  n: "\n",
  t: "\t",
  r: "\r",
  b: "\b",
  a: "\x07",
  f: "\f",
  v: "\v",
};

function unescape(code: string): string {
  if (code.length === 3) return String.fromCharCode(Number.parseInt(code, 8));
  return NAMED[code] ?? code;
}
