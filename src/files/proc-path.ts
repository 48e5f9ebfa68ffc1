// SPDX-License-Identifier: MIT
import * as fs from "node:fs";
import { isAscii, type ByteString } from "../bytes/byte-string.ts";

/** Not in fs.constants. The same on every architecture that Node runs on: no permission to read is needed. */
export const O_PATH = 0o10000000;

/**
 * A path on this machine. A string where its bytes are those of a text, which nearly all are: lstat takes
 * 1.14 times as long with a Buffer that is made for it.
 */
export type SystemPath = string | Buffer;

/** Whether a path can start at an open directory: on Linux, where `/proc` is mounted. */
export function hasProcPaths(): boolean {
  if (process.platform !== "linux") return false;
  const fd = fs.openSync("/", O_PATH | fs.constants.O_DIRECTORY);
  try {
    const there = fs.statSync(procPath(fd), { throwIfNoEntry: false });
    const here = fs.fstatSync(fd);
    return there?.dev === here.dev && there.ino === here.ino;
  } finally {
    fs.closeSync(fd);
  }
}

/** The path of what a descriptor stands for, for this process only: using it follows no name. */
export function procPath(fd: number): string {
  return `/proc/self/fd/${fd}`;
}

/** `directory/name`. */
export function below(directory: SystemPath, name: ByteString): SystemPath {
  if (typeof directory === "string" && isAscii(name)) return `${directory}/${name}`;
  return Buffer.concat([Buffer.from(directory), Buffer.from(`/${name}`, "latin1")]);
}
