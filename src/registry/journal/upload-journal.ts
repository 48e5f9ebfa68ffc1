// SPDX-License-Identifier: MIT
import { createHash } from "node:crypto";
import type { Digest } from "../../oci/digest.ts";
import { openJournal, type HeldRecord, type Journal } from "../../store/journal/journal.ts";
import { tryParseJson } from "../wire/loose-json.ts";

/** The blob of an upload, and where and for whom it goes. */
export interface UploadTarget {
  /** The origin of the registry: `https://registry.example`. */
  readonly origin: string;
  readonly repository: string;
  /** The user of the registry; undefined for an anonymous one. An upload goes on only for who began it. */
  readonly account: string | undefined;
  readonly digest: Digest;
  readonly size: number;
}

/** What it takes to go on with an upload. */
export interface UploadProgress {
  /** As the registry named it. It may hold a secret, and must be checked before it is used. */
  readonly location: string;
  /** How many bytes the registry had acknowledged. It may have more by now. */
  readonly offset: number;
  /** The least bytes of a chunk, where the registry said so. */
  readonly chunkLeast?: number | undefined;
}

/** The record of one upload. No other process has it meanwhile. None of these functions throws. */
export interface UploadRecord {
  /** What an earlier process left. */
  readonly known: UploadProgress | undefined;
  keep(progress: UploadProgress): void;
  /** Leaves the record to whoever goes on. */
  release(): void;
  /** Ends the record: there is nothing to go on with. */
  remove(): void;
}

/** The uploads that were begun and not ended. */
export interface UploadJournal {
  open(target: UploadTarget): UploadRecord;
}

/** Opens the journal of uploads in a directory, which is made with the first record. */
export function openUploadJournal(directory: string): UploadJournal {
  const journal = openJournal(directory);
  return { open: (target) => openRecord(journal, target) };
}

function openRecord(journal: Journal, target: UploadTarget): UploadRecord {
  const { origin, repository, account, digest } = target;
  const key = createHash("sha256")
    .update(JSON.stringify([origin, repository, account ?? null, digest]))
    .digest("hex");
  let record: HeldRecord | undefined = journal.claim(key);
  const known = record && parseProgress(record.text, target);
  if (known === undefined) {
    record?.remove();
    record = undefined;
  }
  return {
    known,
    keep: (progress) => {
      const { size } = target;
      const text = JSON.stringify({ origin, repository, digest, size, ...progress });
      if (record === undefined) record = journal.create(key, labelFor(target), text);
      else record.write(text);
    },
    release: () => record?.release(),
    remove: () => {
      record?.remove();
      record = undefined;
    },
  };
}

function labelFor({ origin, repository, digest }: UploadTarget): string {
  return `${new URL(origin).host}/${repository}@${digest}`;
}

/** Undefined for anything that is not the record of this very blob. */
function parseProgress(text: string, target: UploadTarget): UploadProgress | undefined {
  const value = tryParseJson(Buffer.from(text));
  if (typeof value !== "object" || value === null) return undefined;
  const { location, offset, chunkLeast, ...about } = value as Readonly<Record<string, unknown>>;
  const { origin, repository, digest, size } = target;
  const isSame =
    about["origin"] === origin &&
    about["repository"] === repository &&
    about["digest"] === digest &&
    about["size"] === size;
  if (!isSame || typeof location !== "string" || !isCount(offset)) return undefined;
  return { location, offset, ...(isCount(chunkLeast) && { chunkLeast }) };
}

function isCount(value: unknown): value is number {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0;
}
