// SPDX-License-Identifier: MIT
import { lstatSync, readlinkSync, realpathSync, statSync, type Stats } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { fileError, writing } from "../system-error.ts";

/** What an output path leads to. */
export type OutputPlace =
  /** An ordinary file, or one that does not exist yet. The last part of the path is not a link. */
  | { readonly kind: "file"; readonly path: string; readonly stats: Stats | undefined }
  /** Something that is written to and never replaced: a device, a fifo, or what another process has open. */
  | { readonly kind: "stream"; readonly path: string; readonly isFifo: boolean }
  /** A descriptor of this process, such as `/dev/stdout` and `/dev/fd/3`. */
  | { readonly kind: "descriptor"; readonly fd: number };

const MOST_LINKS = 40;
const DESCRIPTOR = /^\/proc\/(\d+)(?:\/task\/\d+)?\/fd\/(\d+)$/;

/**
 * Finds out what an output path leads to. Links are followed, even one to a missing file.
 * @throws OciError `not-found` when the file's directory is missing; `unwritable` for a directory, or for
 * links in a circle
 */
export function findOutput(path: string): OutputPlace {
  return writing(path, () => follow(path));
}

function follow(path: string): OutputPlace {
  let at = resolve(path);
  for (let links = 0; links < MOST_LINKS; links += 1) {
    at = join(realpathSync(dirname(at)), basename(at));
    const [, pid, fd] = DESCRIPTOR.exec(at) ?? [];
    if (fd !== undefined && Number(pid) === process.pid) {
      return { kind: "descriptor", fd: Number(fd) };
    }
    const stats = lstatSync(at, { throwIfNoEntry: false });
    if (stats?.isSymbolicLink() !== true) return placeOf(at, stats);
    // The text of a link in /proc is not always a path: `pipe:[1]`, or the path of a removed file.
    if (fd !== undefined) return { kind: "stream", path: at, isFifo: statSync(at).isFIFO() };
    at = resolve(dirname(at), readlinkSync(at));
  }
  throw fileError("unwritable", path, new Error(`more than ${MOST_LINKS} symbolic links`));
}

function placeOf(path: string, stats: Stats | undefined): OutputPlace {
  if (stats === undefined || stats.isFile()) return { kind: "file", path, stats };
  if (stats.isDirectory()) throw fileError("unwritable", path, new Error("a directory"));
  return { kind: "stream", path, isFifo: stats.isFIFO() };
}
