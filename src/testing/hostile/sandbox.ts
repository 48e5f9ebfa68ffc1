// SPDX-License-Identifier: MIT
import { execFileSync } from "node:child_process";
import {
  chmodSync,
  lstatSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  readlinkSync,
  realpathSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { digestBytes } from "../../bytes/hash.ts";
import { makeDirectories } from "../../files/make-directories.ts";
import type { Surroundings } from "./hostile-case.ts";

const DESTINATION = "out";
const LONG_AGO = 1_000_000_000;

/** A temporary directory with a destination, and around it files that must not change. */
export interface Sandbox extends Surroundings {
  /** Where to write an image's layout; not there yet. */
  readonly layout: string;
  /** Where to unpack; not there yet. */
  readonly target: string;
  /**
   * Describes everything but the destination and the given names beside it: one line for each path, with
   * type, mode, owner, number of links, times and content.
   */
  snapshot(beside?: readonly string[]): string[];
  remove(): void;
}

/** Makes a sandbox in the system's directory for temporary files. The caller removes it. */
export function createSandbox(): Sandbox {
  const root = mkdtempSync(join(realpathSync(tmpdir()), "oci-kit-hostile-"));
  const canary = join(root, "canary");
  const work = join(root, "work");
  fillCanary(canary);
  makeDirectories(join(work, `${DESTINATION}-evil`));
  writeFileSync(join(work, `${DESTINATION}-evil`, "file"), "sibling");
  const isFile = (name: string): boolean => lstatSync(name).isFile();
  return {
    canary,
    up: "../../canary",
    destination: DESTINATION,
    inWorkingDirectory: readdirSync(".").find(isFile) ?? "package.json",
    layout: join(root, "layout"),
    target: join(work, DESTINATION),
    snapshot: (beside = []) =>
      list(root, new Set([DESTINATION, ...beside].map((name) => join(work, name)))),
    remove: () => removeTree(root),
  };
}

function fillCanary(canary: string): void {
  makeDirectories(join(canary, "directory"));
  writeFileSync(join(canary, "file"), "the canary sings");
  writeFileSync(join(canary, "directory", "file"), "inside");
  writeFileSync(join(canary, "setuid"), "#!/bin/sh\n");
  chmodSync(join(canary, "setuid"), 0o4755);
  symlinkSync(join(canary, "file"), join(canary, "absolute"));
  symlinkSync("directory", join(canary, "relative"));
  for (const name of ["file", "setuid", "directory/file", "directory", "."]) {
    utimesSync(join(canary, name), LONG_AGO, LONG_AGO);
  }
}

/** A line for each path below `root`, without the paths in `left` and everything below them. */
function list(root: string, left: ReadonlySet<string>): string[] {
  const lines: string[] = [];
  const pending = [root];
  for (let path = pending.pop(); path !== undefined; path = pending.pop()) {
    const stats = lstatSync(path, { bigint: true });
    const { ino, mode, uid, gid, nlink, size, mtimeNs, ctimeNs } = stats;
    let content = "";
    if (stats.isSymbolicLink()) content = readlinkSync(path);
    else if (stats.isFile()) content = digestBytes(readFileSync(path));
    else if (stats.isDirectory()) {
      const parent = path;
      pending.push(
        ...readdirSync(path)
          .map((name) => join(parent, name))
          .filter((child) => !left.has(child)),
      );
    }
    // The times of this directory change when something that is left out appears in it.
    const isParent = [...left].some((child) => dirname(child) === path);
    const times = isParent ? "" : `${nlink} ${size} ${mtimeNs} ${ctimeNs}`;
    lines.push(`${path} ${ino} ${mode.toString(8)} ${uid}:${gid} ${times} ${content}`);
  }
  return lines.sort();
}

/** Removes everything, also directories without permissions, and paths that are too long for the system. */
export function removeTree(path: string): void {
  try {
    rmSync(path, { recursive: true, force: true });
  } catch {
    execFileSync("chmod", ["-R", "u+rwx", path]);
    execFileSync("rm", ["-rf", path]);
  }
}
