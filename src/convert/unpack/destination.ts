// SPDX-License-Identifier: MIT
import * as fs from "node:fs";
import { resolve, sep } from "node:path";
import { isOciError, OciError } from "../../oci/errors.ts";
import { quote } from "../../oci/quote.ts";
import { fileError, systemCode, writing } from "../../files/system-error.ts";
import { makeDirectories } from "../../files/make-directories.ts";
import { removeTree } from "../../files/remove-tree.ts";
import { syncDirectory } from "../../files/sync/sync-directory.ts";
import { readRecord, sidecarOf, type UnpackRecord } from "../../disk/sidecar/unpack-record.ts";
import { isStagingName } from "../staging/staging.ts";
import { procPath, hasProcPaths } from "../../files/proc-path.ts";
import {
  DIRECTORY_ITSELF,
  openFdCursor,
  openPathCursor,
  openToOwner,
  type DirectoryCursor,
} from "../staging/directory-cursor.ts";

/** The directory to unpack into, and what was found there. */
export interface Destination {
  /** Absolute path. */
  readonly directory: string;
  readonly sidecar: string;
  /** `empty`: exists but contains nothing. `unpacked`: contains an earlier unpack, finished or not. */
  readonly state: "absent" | "empty" | "unpacked";
  /** The sidecar's record of the earlier unpack; also undefined if the record is damaged. */
  readonly record: UnpackRecord | undefined;
}

/** Where the destination is, and what this machine can do there. */
export interface DestinationOptions {
  readonly sidecar?: string | undefined;
  /** Whether paths can start at open directories on this machine. Default: it is tested. */
  readonly hasProcPaths?: boolean | undefined;
}

/**
 * Inspects a directory to unpack into. Changes nothing.
 * @throws OciError `already-exists` if it contains anything that no unpack left there; `invalid-argument`
 * for a link, a file, or a sidecar inside it; `unsupported-operation` for an existing directory on a
 * machine that can't protect the work from others with access to it; `invalid-sidecar`, `unreadable`
 */
export function inspectDestination(
  directory: string,
  options: DestinationOptions = {},
): Destination {
  const path = resolve(directory);
  const sidecar = resolve(options.sidecar ?? sidecarOf(path));
  if (sidecar === path || sidecar.startsWith(path.endsWith(sep) ? path : path + sep)) {
    throw new OciError(
      "invalid-argument",
      `${directory}: expected its sidecar outside, got ${quote(sidecar)}`,
    );
  }
  const { record, isOurs } = readEarlier(sidecar);
  const names = listNames(path, isOurs);
  if (names === undefined) return { directory: path, sidecar, state: "absent", record };
  const safe = options.hasProcPaths ?? hasProcPaths();
  if (!safe) throw notFresh(directory);
  if (names.length > 0 && !isOurs) throw notEmpty(directory, sidecar);
  return { directory: path, sidecar, state: names.length === 0 ? "empty" : "unpacked", record };
}

/**
 * Reads the sidecar's record, and whether there was an earlier unpack. A damaged record proves that there
 * was one; nothing else in it is trusted, and this unpack writes it anew.
 * @throws OciError `invalid-sidecar` for a record of another version, `unreadable`
 */
function readEarlier(sidecar: string): Pick<Destination, "record"> & { readonly isOurs: boolean } {
  try {
    const record = readRecord(sidecar);
    return { record, isOurs: record !== undefined };
  } catch (error) {
    if (!isOciError(error, "invalid-sidecar") || "version" in error.details) throw error;
    return { record: undefined, isOurs: true };
  }
}

/**
 * The names in a directory; undefined if it does not exist. A directory of ours that its owner can't read
 * counts as not empty.
 */
function listNames(path: string, isOurs: boolean): readonly string[] | undefined {
  try {
    const stats = fs.lstatSync(path, { throwIfNoEntry: false });
    if (stats === undefined) return undefined;
    if (!stats.isDirectory()) throw notADirectory(path, stats.isSymbolicLink());
    return fs.readdirSync(path);
  } catch (error) {
    if (isOurs && systemCode(error) === "EACCES") return [path];
    throw error instanceof OciError ? error : fileError("unreadable", path, error);
  }
}

/** A destination that is open for work. */
export interface OpenDestination {
  /** The open directory itself, for reading. */
  readonly fd: number;
  /** A path for the directory to which `/name` can be appended. */
  readonly root: string;
  readonly usesProcPaths: boolean;
  readonly cursor: DirectoryCursor;
  /** Idempotent. */
  close(): void;
}

/**
 * Opens a destination. If it does not exist, it and its missing parents are created, accessible to the
 * owner only. From then on it does not matter what happens to its path: work continues in the opened
 * directory.
 * @throws OciError `invalid-argument` if a link has taken its place; `unwritable`
 */
export function openDestination(
  { directory, state }: Destination,
  options: DestinationOptions = {},
): OpenDestination {
  if (state === "absent") {
    writing(directory, () => {
      makeDirectories(resolve(directory, ".."), 0o700);
      fs.mkdirSync(directory, 0o700);
      syncDirectory(resolve(directory, ".."));
    });
  }
  const usesProcPaths = options.hasProcPaths ?? hasProcPaths();
  const fd = writing(directory, () => openItself(directory, usesProcPaths));
  const cursor = usesProcPaths ? openFdCursor(fd, directory) : openPathCursor(directory);
  let closed = false;
  return {
    fd,
    root: usesProcPaths ? procPath(fd) : directory,
    usesProcPaths,
    cursor,
    close() {
      if (closed) return;
      closed = true;
      cursor.close();
      fs.closeSync(fd);
    },
  };
}

/** Removes the staging directory that an interrupted unpack left. @throws OciError `unwritable` */
export async function removeLeftover({ directory, state, record }: Destination): Promise<void> {
  const name = record?.state === "writing" ? record.staging : undefined;
  if (state !== "unpacked" || name === undefined || !isStagingName(name)) return;
  const fd = writing(directory, () => openItself(directory, true));
  try {
    await removeTree(`${procPath(fd)}/${name}`);
  } finally {
    fs.closeSync(fd);
  }
}

/** Opens a directory for reading, but nothing else that is in its place. Its owner gets the right to work in it. */
function openItself(directory: string, usesProcPaths: boolean): number {
  const { O_RDONLY, O_DIRECTORY, O_NOFOLLOW } = fs.constants;
  if (!usesProcPaths) return fs.openSync(directory, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
  const place = fs.openSync(directory, DIRECTORY_ITSELF);
  try {
    if (process.geteuid?.() !== 0) openToOwner(place);
    return fs.openSync(`${procPath(place)}/.`, O_RDONLY | O_DIRECTORY);
  } finally {
    fs.closeSync(place);
  }
}

function notADirectory(path: string, isLink: boolean): OciError {
  return new OciError(
    "invalid-argument",
    `${quote(path)}: expected a directory, got a ${isLink ? "symbolic link" : "file"}`,
    isLink ? { hint: "Name the directory that the link leads to." } : {},
  );
}

function notEmpty(directory: string, sidecar: string): OciError {
  return new OciError(
    "already-exists",
    `${quote(directory)}: expected an empty directory or one that was unpacked before, got files without a record of them at ${quote(sidecar)}`,
    { details: { directory, sidecar }, hint: "Name a new directory, or empty this one yourself." },
  );
}

function notFresh(directory: string): OciError {
  return new OciError(
    "unsupported-operation",
    `${quote(directory)}: expected no directory there, got one: only in a new one nobody can interfere on this system`,
    { details: { directory }, hint: "Name a directory that does not exist." },
  );
}
