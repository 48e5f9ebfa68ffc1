// SPDX-License-Identifier: MIT
import { randomUUID } from "node:crypto";
import * as fs from "node:fs";
import { procPath, O_PATH, type SystemPath } from "../../files/proc-path.ts";
import { decodeText, fromBytes } from "../../bytes/byte-string.ts";

/** A path as text, for functions that do not accept bytes. */
export interface TextPath {
  readonly path: string;
  close(): void;
}

/**
 * Gives an inode whose path is not text a second path that is, valid until it is closed: through a
 * file descriptor for a directory, as a second name for anything else.
 * @throws the system's error when neither is possible
 */
export function openTextPath(path: SystemPath): TextPath {
  if (typeof path === "string") return { path, close: closeNothing };
  const text = decodeText(fromBytes(path));
  if (text !== undefined) return { path: text, close: closeNothing };
  if (fs.lstatSync(path).isDirectory()) return openDirectoryPath(path);
  const parent = path.subarray(0, path.lastIndexOf("/") + 1);
  const directory = openDirectoryPath(Buffer.concat([parent, Buffer.from(".")]));
  const second = `${directory.path.slice(0, -1)}.oci-kit-${randomUUID()}`;
  try {
    fs.linkSync(path, second);
  } catch (error) {
    directory.close();
    throw error;
  }
  return {
    path: second,
    close() {
      fs.unlinkSync(second);
      directory.close();
    },
  };
}

function closeNothing(): void {
  // The path is the inode's own, and nothing was opened for it.
}

function openDirectoryPath(directory: Buffer): TextPath {
  const { O_DIRECTORY, O_NOFOLLOW } = fs.constants;
  const fd = fs.openSync(directory, O_PATH | O_DIRECTORY | O_NOFOLLOW);
  return { path: `${procPath(fd)}/.`, close: () => fs.closeSync(fd) };
}
