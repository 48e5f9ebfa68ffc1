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
/** Every path as in the image, in the format of mtree(5). */
export const TREE_FILE = "tree.mtree";
/** What the disk showed at every path when it was proven, in the same order. */
export const PROVEN_FILE = "placed";

const TEMPORARY = ".tmp";
const ABANDONED = 24 * 60 * 60 * 1000;

/** The path of a directory's sidecar: `<directory>.oci-kit`, beside it. A link at the end of the path is not followed. */
export function sidecarOf(directory: string): string {
  return `${resolve(directory)}.oci-kit`;
}

/**
 * Checks the place of a sidecar: a directory, a link to one, or nothing may be there.
 * @throws OciError `invalid-argument` for anything else; `unreadable` if the place can't be looked at
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
 * Makes the sidecar's directory, accessible to its owner only, and removes what interrupted writers left in it.
 * @throws OciError as {@link checkSidecarPlace}; `unwritable`, `not-found`
 */
export function prepareSidecar(sidecar: string): void {
  checkSidecarPlace(sidecar);
  writing(sidecar, () => {
    makeDirectories(sidecar, 0o700);
    sweepAbandoned(sidecar, TEMPORARY, ABANDONED);
  });
}

/** Replaces a file of the sidecar atomically. @throws OciError `unwritable`, `not-found` */
export function replaceFile(sidecar: string, name: string, bytes: Uint8Array): void {
  replaceDurably(sidecar, name, bytes, { stem: TEMPORARY, mode: 0o600 });
}

/** A file of the sidecar that is being written under a temporary name. */
export interface DraftFile {
  write(chunk: Uint8Array): void;
  /** Gives the file its final name, durably, replacing the old one. Call it once. */
  publish(): void;
  /** Removes the file unless it was published. Idempotent. */
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

/** The error for a sidecar whose files are incomplete or were changed. */
export function damaged(sidecar: string, name: string, problem: string, cause?: unknown): OciError {
  return new OciError("invalid-sidecar", `${JSON.stringify(join(sidecar, name))}: ${problem}`, {
    details: { sidecar, file: name },
    hint:
      "Run oci-kit unpack again: it makes the sidecar anew. " +
      "Without it the directory has lost what its disk can't hold.",
    cause,
  });
}
