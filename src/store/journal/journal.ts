// SPDX-License-Identifier: MIT
import { chmodSync, closeSync, readFileSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { claimFile, listClaimable, releaseFile } from "../../files/claimed-file.ts";
import { makeDirectories } from "../../files/make-directories.ts";
import { ownedName } from "../../files/owned-name.ts";
import { openRegularFile } from "../../files/regular-file.ts";

// A journal is a directory of small private files, one for each thing that was begun and not ended. The first line
// of a file says to people what it is about; the rest is its text, which may hold a secret.

/** A record that nobody else can get before it is released, or before this process is dead. */
export interface HeldRecord {
  readonly text: string;
  /** Replaces the text, whole or not at all. */
  write(text: string): void;
  /** Lets go of the record: whoever claims it next gets it. Idempotent. */
  release(): void;
  /** Ends the record. Idempotent. */
  remove(): void;
}

/** A record as a listing shows it. */
export interface JournalEntry {
  readonly key: string;
  readonly path: string;
  readonly bytes: number;
  readonly usedAt: Date;
  /** Whether a living process works with it. */
  readonly isHeld: boolean;
}

/**
 * Records of unfinished work. None of these functions fails because of the disk: what can't be written is not
 * recorded, and what can't be read is not there. The work then starts from its beginning.
 */
export interface Journal {
  /** Takes over the record of a key. Undefined when there is none, or when another process holds it. */
  claim(key: string): HeldRecord | undefined;
  /**
   * Begins a record. Another one of the same key is not touched.
   * @param label one line that says to people what it is about
   */
  create(key: string, label: string, text: string): HeldRecord;
}

/** Records of more than this many are too many: the least recently used go. */
export const JOURNAL_RECORDS = 500;
/** In milliseconds. Registries drop unfinished uploads after a week at the latest. */
export const JOURNAL_AGE = 7 * 86_400_000;

const KEY = /^[A-Za-z0-9][A-Za-z0-9_-]{0,127}$/;
/** In milliseconds. A record that is worked with is touched as often. */
const HEARTBEAT = 60_000;

/** Opens a journal. Its directory is made, for this user alone, with the first record. */
export function openJournal(directory: string): Journal {
  let isSwept = false;
  return {
    claim: (key) => claim(directory, key),
    create: (key, label, text) => {
      if (!isSwept) orElse(undefined, () => sweepJournal(directory, JOURNAL_AGE));
      isSwept = true;
      const record = new OwnRecord(directory, key, label, undefined);
      record.write(text);
      return record;
    },
  };
}

/** The records of a journal, the least recently used first. */
export function listJournal(directory: string): readonly JournalEntry[] {
  return orElse([], () => listClaimable(directory))
    .filter(({ stem }) => KEY.test(stem))
    .map(({ stem, path, stats, isHeld }) => ({
      ...{ key: stem, path, isHeld },
      bytes: stats.size,
      usedAt: stats.mtime,
    }));
}

/** Removes the records that nobody holds: those older than `maxAge` milliseconds, and the oldest of too many. */
export function sweepJournal(directory: string, maxAge: number): void {
  const free = listJournal(directory).filter(({ isHeld }) => !isHeld);
  const excess = free.length - JOURNAL_RECORDS;
  for (const [at, { path, usedAt }] of free.entries()) {
    const isOld = Date.now() - usedAt.getTime() > maxAge;
    if (isOld || at < excess) rmSync(path, { force: true });
  }
}

/** What a record is about, as it says to people; its key where it says nothing. */
export function labelOf({ key, path }: JournalEntry): string {
  const [label = ""] = orElse("", () => readPrivate(path)).split("\n", 1);
  return label === "" ? key : label;
}

function claim(directory: string, key: string): HeldRecord | undefined {
  const path = orElse(undefined, () => claimFile(directory, key));
  if (path === undefined) return undefined;
  const whole = orElse(undefined, () => readPrivate(path));
  if (whole === undefined) {
    rmSync(path, { force: true });
    return undefined;
  }
  const [label = ""] = whole.split("\n", 1);
  return new OwnRecord(directory, key, label, { path, text: whole.slice(label.length + 1) });
}

/** The text of a file that only this user could have written. @throws for any other */
function readPrivate(path: string): string {
  const { fd, stats } = openRegularFile(path, "unreadable");
  try {
    const isOurs = stats.uid === (process.geteuid?.() ?? stats.uid);
    if (!isOurs || (stats.mode & 0o077) !== 0) throw new Error(`${path} is not private`);
    return readFileSync(fd, "utf8");
  } finally {
    closeSync(fd);
  }
}

class OwnRecord implements HeldRecord {
  readonly #directory: string;
  readonly #key: string;
  readonly #label: string;
  readonly #heartbeat = setInterval(() => this.#touch(), HEARTBEAT).unref();
  /** Undefined where it could not be written, and once it is somebody else's. */
  #path: string | undefined;
  #text: string;

  constructor(
    directory: string,
    key: string,
    label: string,
    claimed: { readonly path: string; readonly text: string } | undefined,
  ) {
    this.#directory = directory;
    this.#key = key;
    this.#label = label;
    this.#path = claimed?.path;
    this.#text = claimed?.text ?? "";
    this.#touch();
  }

  get text(): string {
    return this.#text;
  }

  write(text: string): void {
    const before = this.#path;
    const after = join(this.#directory, ownedName(this.#key));
    this.#text = text;
    this.#path = orElse(undefined, () => {
      makeDirectories(this.#directory, 0o700);
      writeFileSync(after, `${this.#label}\n${text}`, { flag: "wx", mode: 0o600 });
      chmodSync(after, 0o600);
      return after;
    });
    if (before !== undefined) orElse(undefined, () => rmSync(before, { force: true }));
  }

  release(): void {
    this.#letGo((path) => releaseFile(path, this.#key));
  }

  remove(): void {
    this.#letGo((path) => rmSync(path, { force: true }));
  }

  #letGo(end: (path: string) => void): void {
    clearInterval(this.#heartbeat);
    const path = this.#path;
    this.#path = undefined;
    if (path !== undefined) orElse(undefined, () => end(path));
  }

  #touch(): void {
    const path = this.#path;
    const now = new Date();
    if (path !== undefined) orElse(undefined, () => utimesSync(path, now, now));
  }
}

function orElse<T>(otherwise: T, act: () => T): T {
  try {
    return act();
  } catch {
    return otherwise;
  }
}
