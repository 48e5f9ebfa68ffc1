// SPDX-License-Identifier: MIT
import { closeSync, mkdirSync, readdirSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { pipeline } from "node:stream/promises";
import { pack, type Pack } from "tar-stream";
import { once, type AbortOptions, type Bytes } from "../../bytes/bytes.ts";
import { toReadable } from "../../bytes/streams/node-stream.ts";
import { digestOf } from "../../oci/digest.ts";
import { OciError } from "../../oci/errors.ts";
import { formatJson } from "../../oci/json.ts";
import { limitExceeded, withLimits, type Excess, type Limits } from "../../oci/limits.ts";
import { findOutput } from "../../files/output/output-place.ts";
import { makeDirectories } from "../../files/make-directories.ts";
import { writing } from "../../files/system-error.ts";
import { writeOutput, writeStandardOutput } from "../../files/write-output.ts";
import { openBlob } from "../layout/layout-blobs.ts";
import {
  INDEX_FILE,
  LAYOUT_DOCUMENT,
  LAYOUT_FILE,
  readLayoutIndex,
} from "../layout/layout-index.ts";
import { openLayout, type LayoutStore } from "../layout/layout.ts";
import { mostMembers } from "./outer-archive.ts";
import { ownedName, sweepAbandoned } from "../../files/owned-name.ts";
import { defaultSpoolDirectory } from "../cache-directory.ts";
import type { RootedStore } from "../store.ts";

/**
 * An archive being made. Until it is closed, it is a layout in a temporary directory beside the file. So
 * memory stays small, content may arrive in any order and in parallel, and a failure leaves nothing behind.
 */
export interface ArchiveWriter extends RootedStore {
  /**
   * Writes the archive and puts it in place as `writeOutput` does: whole and durably. Idempotent.
   * @throws OciError `invalid-argument` when nothing was tagged; `unwritable`; `already-exists` when the file
   *   appeared meanwhile and may not be replaced
   */
  readonly close: (options?: AbortOptions) => Promise<void>;
  /** Gives the archive up: nothing is written. Idempotent; does nothing after {@link ArchiveWriter.close}. */
  readonly discard: () => Promise<void>;
}

/** Options of {@link createArchive}. */
export interface CreateArchiveOptions extends AbortOptions {
  /** Replace a file that exists. Without it such a file is refused, unless it is empty, as mktemp makes it. */
  readonly replace?: boolean | undefined;
  readonly limits?: Partial<Limits> | undefined;
  /** Takes the bytes of an archive written to `-`, in place of the standard output. */
  readonly output?: ((bytes: Bytes) => Promise<void>) | undefined;
}

/** A file added to the archive beside those of the layout. */
export interface ArchiveDocument {
  readonly name: string;
  readonly bytes: Uint8Array;
}

const STAGE = ".oci-kit.archive";
const ABANDONED_AGE = 24 * 3600_000;

/**
 * Starts an archive of a layout.
 * @param documents called when the archive is closed: returns further documents. One with the name of a
 * layout's document replaces it
 * @throws OciError `already-exists` when the file is there and may not be replaced
 */
export async function createArchive(
  file: string,
  name: string,
  options: CreateArchiveOptions,
  documents: (layout: LayoutStore) => Promise<readonly ArchiveDocument[]>,
): Promise<ArchiveWriter> {
  if (options.replace !== true) refuseExisting(file, name);
  const beside = stagingPlace(file);
  const stage = join(beside, ownedName(STAGE));
  const begin = (): void => {
    sweepAbandoned(beside, STAGE, ABANDONED_AGE);
    mkdirSync(stage, { mode: 0o700 });
  };
  writing(stage, begin, name);
  const { limits } = options;
  let done = false;
  const discard = async (): Promise<void> => {
    done = true;
    rmSync(stage, { recursive: true, force: true });
    return Promise.resolve();
  };
  const opened = openLayout(join(stage, "layout"), { create: true, name, limits });
  const layout = await opened.catch(async (error: unknown) => {
    await discard(); // as when the disk is full
    throw error;
  });
  const close = async ({ signal }: AbortOptions = {}): Promise<void> => {
    if (done) return;
    try {
      await finish(layout, file, { ...options, signal }, documents);
    } finally {
      await discard();
    }
  };
  return { ...layout, close, discard };
}

/**
 * Refuses to write an archive over a file that exists. Devices and fifos are written to, not replaced.
 * @throws OciError `already-exists`
 */
export function refuseExisting(file: string, name: string): void {
  const place = file === "-" ? undefined : findOutput(file);
  if (place?.kind !== "file" || place.stats === undefined || place.stats.size === 0) return;
  throw new OciError("already-exists", `${name}: expected no such file, got one that exists`, {
    details: { file },
    hint: "Write it over with --replace, or name another file.",
  });
}

/** Beside the output if that is an ordinary file. Otherwise (a device, a fifo, `-`) in the cache. */
function stagingPlace(file: string): string {
  const place = file === "-" ? undefined : findOutput(file);
  if (place?.kind === "file") return dirname(place.path);
  const directory = defaultSpoolDirectory();
  makeDirectories(directory);
  return directory;
}

async function finish(
  layout: LayoutStore,
  file: string,
  options: CreateArchiveOptions,
  documents: (layout: LayoutStore) => Promise<readonly ArchiveDocument[]>,
): Promise<void> {
  const index = await readLayoutIndex(layout.directory, options.limits);
  if (index.manifests.length === 0) {
    throw new OciError(
      "invalid-argument",
      `${layout.name}: expected an image in the archive, got none: nothing was tagged`,
    );
  }
  const made = new Map([
    [LAYOUT_FILE, LAYOUT_DOCUMENT],
    [INDEX_FILE, formatJson(index)],
  ]);
  for (const { name, bytes } of await documents(layout)) made.set(name, new Uint8Array(bytes));
  checkReadable(layout, made, options.limits);
  const checkPlace = (): void => {
    if (options.replace !== true) refuseExisting(file, layout.name);
  };
  checkPlace();
  const bytes = packed(layout, made);
  if (file === "-") return (options.output ?? writeStandardOutput)(bytes);
  // and again at the end: another one may have been written meanwhile
  await writeOutput(file, bytes, { signal: options.signal, checkPlace });
}

/**
 * Refuses to write an archive that {@link openOuterArchive} would refuse to read.
 * @throws OciError `limit-exceeded`
 */
function checkReadable(
  layout: LayoutStore,
  documents: ReadonlyMap<string, Uint8Array>,
  limits: Partial<Limits> | undefined,
): void {
  const { documentBytes } = withLimits(limits);
  const most = mostMembers(limits);
  const blobs = join(layout.directory, "blobs");
  let members = documents.size;
  for (const algorithm of readdirSync(blobs)) members += readdirSync(join(blobs, algorithm)).length;
  if (members > most)
    throw unreadable(layout, { limit: "children", allowed: most, got: members, unit: "entries" });
  for (const [name, { length }] of documents) {
    if (length <= documentBytes) continue;
    throw unreadable(layout, {
      limit: "documentBytes",
      allowed: documentBytes,
      got: length,
      unit: `bytes of ${name}`,
    });
  }
}

function unreadable({ name }: LayoutStore, excess: Omit<Excess, "what" | "instead">): OciError {
  const instead = "Write several archives: whoever reads this one must raise the limit too.";
  return limitExceeded({ ...excess, what: name, instead });
}

/**
 * The tar: documents first, then blobs sorted by digest. Neither the date nor the order of pushes changes a
 * byte.
 */
async function* packed(layout: LayoutStore, documents: ReadonlyMap<string, Uint8Array>): Bytes {
  const tar = pack();
  const feeding = feed(tar, layout, documents).catch((error: unknown) => {
    tar.destroy(error instanceof Error ? error : new Error(String(error)));
  });
  try {
    yield* tar as AsyncIterable<Uint8Array>;
  } finally {
    tar.destroy();
    await feeding;
  }
}

async function feed(
  tar: Pack,
  layout: LayoutStore,
  documents: ReadonlyMap<string, Uint8Array>,
): Promise<void> {
  for (const [name, bytes] of documents) await addEntry(tar, name, bytes.length, once(bytes));
  const blobs = join(layout.directory, "blobs");
  for (const algorithm of readdirSync(blobs).sort()) {
    for (const hex of readdirSync(join(blobs, algorithm)).sort()) {
      const digest = digestOf(algorithm === "sha512" ? "sha512" : "sha256", hex);
      const { fd, size } = openBlob(layout.directory, digest);
      closeSync(fd);
      // Every blob was verified when it was stored in this private directory, so it is not hashed again.
      const content = layout.fetchRange({ mediaType: "", digest, size }, { offset: 0 });
      await addEntry(tar, `blobs/${algorithm}/${hex}`, size, content);
    }
  }
  tar.finalize();
}

function addEntry(tar: Pack, name: string, size: number, content: Bytes): Promise<void> {
  return new Promise((resolve, reject) => {
    const header = { name, size, mode: 0o644, mtime: new Date(0) };
    const entry = tar.entry(header, (error) => {
      if (error === null || error === undefined) resolve();
      else reject(error);
    });
    pipeline(toReadable(content), entry).catch(reject);
  });
}
