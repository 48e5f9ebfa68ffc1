// SPDX-License-Identifier: MIT
import * as fs from "node:fs";
import { isAscii, type ByteString } from "../bytes/byte-string.ts";

/**
 * A path on this machine. A string where its bytes are those of a text, which nearly all are: making
 * a Buffer of each took a tenth of the time that reading a directory's inodes takes.
 */
export type Place = string | Buffer;

/** Whether a path can start at an open directory: on Linux, where `/proc` is mounted. */
export function hasDescriptorPaths(): boolean {
  if (process.platform !== "linux") return false;
  return fs.statSync("/proc/self/fd/.", { throwIfNoEntry: false }) !== undefined;
}

/** The path of what a descriptor stands for, for this process only: using it follows no name. */
export function descriptorPath(fd: number): string {
  return `/proc/self/fd/${fd}`;
}

/** `directory/name`. */
export function below(directory: Place, name: ByteString): Place {
  if (typeof directory === "string" && isAscii(name)) return `${directory}/${name}`;
  return Buffer.concat([Buffer.from(directory), Buffer.from(`/${name}`, "latin1")]);
}
