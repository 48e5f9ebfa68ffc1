// SPDX-License-Identifier: MIT
import { closeSync, fsyncSync, lstatSync, openSync, renameSync, rmSync, statSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileError, writing } from "../../files/system-error.ts";
import { writeWhole } from "../../files/regular-file.ts";
import { ownedName, sweepAbandoned } from "../../files/owned-name.ts";
import { makeDirectories } from "../../files/make-directories.ts";
import { replaceDurably } from "../../files/replace-durably.ts";
import { syncDirectory } from "../../files/sync/sync-directory.ts";
import { OciError } from "../../oci/errors.ts";

/** What was unpacked, how, and whether it was finished. */
export const RECORD_FILE = "sidecar.json";
/** Every path as the image has it, in the syntax of mtree(5). */
export const TREE_FILE = "tree.mtree";
/** What the disk showed of every path when it was proven, in the same order. */
export const PROVEN_FILE = "placed";

const TEMPORARY = ".tmp";
const ABANDONED = 24 * 60 * 60 * 1000;

/** Where the sidecar of a directory is: beside it, as `<directory>.oci-kit`. A link at its end is not followed. */
export function sidecarOf(directory: string): string {
  return `${resolve(directory)}.oci-kit`;
}

/**
 * Checks that nothing else lies where a sidecar is or would be: a directory or nothing, a link to one too.
 * @throws OciError `invalid-argument`; `unreadable` for what can't be seen
 */
export function checkSidecarPlace(sidecar: string): void {
  let got: string;
  try {
    const stats = statSync(sidecar, { throwIfNoEntry: false });
    const isLink = lstatSync(sidecar, { throwIfNoEntry: false })?.isSymbolicLink() === true;
    if (stats === undefined ? !isLink : stats.isDirectory()) return;
    got = stats === undefined ? "a link to nothing" : stats.isFile() ? "a file" : "a special file";
  } catch (error) {
    throw fileError("unreadable", sidecar, error);
  }
  throw new OciError(
    "invalid-argument",
    `${JSON.stringify(sidecar)}: expected the directory with the sidecar, or nothing, got ${got}`,
    {
      details: { sidecar },
      hint: "A sidecar lies beside its directory, as DIR.oci-kit. Move what is there away, or take another DIR.",
    },
  );
}

/**
 * Makes the sidecar's directory, for its owner only, and removes what interrupted writers left in it.
 * @throws OciError as {@link checkSidecarPlace}; `unwritable`, `not-found`
 */
export function prepareSidecar(sidecar: string): void {
  checkSidecarPlace(sidecar);
  writing(sidecar, () => {
    makeDirectories(sidecar, 0o700);
    sweepAbandoned(sidecar, TEMPORARY, ABANDONED);
  });
}

/** Replaces a file of the sidecar, whole or not at all. @throws OciError `unwritable`, `not-found` */
export function replaceFile(sidecar: string, name: string, bytes: Uint8Array): void {
  replaceDurably(sidecar, name, bytes, { stem: TEMPORARY, mode: 0o600 });
}

/** A file of the sidecar that is being written under another name. */
export interface DraftFile {
  write(chunk: Uint8Array): void;
  /** Makes it durable under its name, in place of the one before. Call it once. */
  publish(): void;
  /** Removes it unless it was published. Idempotent. */
  discard(): void;
}

/** Starts to write a file of the sidecar. @throws OciError `unwritable`, `not-found` */
export function draftFile(sidecar: string, name: string): DraftFile {
  const temporary = join(sidecar, ownedName(TEMPORARY));
  let fd: number | undefined = writing(temporary, () => openSync(temporary, "wx", 0o600));
  const close = (): void => {
    if (fd !== undefined) closeSync(fd);
    fd = undefined;
  };
  return {
    write(chunk) {
      if (fd === undefined) throw new OciError("invalid-argument", `${temporary} was closed`);
      const open = fd;
      writing(temporary, () => writeWhole(open, chunk));
    },
    publish() {
      writing(temporary, () => {
        if (fd !== undefined) fsyncSync(fd);
        close();
        renameSync(temporary, join(sidecar, name));
        syncDirectory(dirname(temporary));
      });
    },
    discard() {
      close();
      rmSync(temporary, { force: true });
    },
  };
}

/** The error for a sidecar that says something else than it was given, or not all of it. */
export function damaged(sidecar: string, name: string, problem: string, cause?: unknown): OciError {
  return new OciError("invalid-sidecar", `${JSON.stringify(join(sidecar, name))}: ${problem}`, {
    details: { sidecar, file: name },
    hint:
      "Run oci-kit unpack again: it makes the sidecar anew. " +
      "Without it the directory has lost what its disk can't hold.",
    cause,
  });
}
