// SPDX-License-Identifier: MIT
import { closeSync } from "node:fs";
import { pipeline } from "node:stream/promises";
import { extract, type Header } from "tar-stream";
import type { AbortOptions, Bytes } from "../../bytes/bytes.ts";
import { toReadable } from "../../bytes/streams/node-stream.ts";
import { readAll } from "../../bytes/streams/read-all.ts";
import { isOciError, OciError } from "../../oci/errors.ts";
import { limitExceeded, withLimits, type Limits } from "../../oci/limits.ts";
import { quote } from "../../oci/quote.ts";
import { readFileBytes } from "../../files/regular-file.ts";
import { defaultSpoolDirectory } from "../cache-directory.ts";
import { refuseOtherThanTar } from "./tar-start.ts";
import { openSeekable, type OpenSeekableOptions } from "../../files/seekable-file.ts";

// The tar around an image (oci-archive, docker-archive). It is indexed once and then read at any offset.
// Nothing is unpacked: names of entries are only looked up in a map.

/** An entry of an archive. */
export type ArchiveEntry =
  | { readonly type: "file"; readonly offset: number; readonly size: number }
  /** `target` is the name of another entry. */
  | { readonly type: "link"; readonly target: string }
  | { readonly type: "other" };

/** A regular file in an archive. */
export type ArchiveFile = Extract<ArchiveEntry, { type: "file" }>;

/** An open archive. */
export interface OuterArchive {
  readonly where: string;
  readonly has: (name: string) => boolean;
  /**
   * The regular file with this name. The name may begin with `./`, and may be a link to a file within the
   * archive.
   * @throws OciError `not-found`; `invalid-archive`, `link-loop` when it is something else
   */
  readonly find: (name: string) => ArchiveFile;
  /** @throws OciError while reading: `unreadable`, also after {@link OuterArchive.close} */
  readonly read: (file: ArchiveFile, options?: AbortOptions) => Bytes;
  /** Reads a whole document. @throws OciError `not-found`, `limit-exceeded` */
  readonly readDocument: (name: string) => Promise<Uint8Array>;
  /** Idempotent. */
  readonly close: () => Promise<void>;
}

const HEADER = 512;
/** Also the headers of tars from before there were formats, as `tar --format=v7` writes them. */
const ANY_FORMAT: NonNullable<Parameters<typeof extract>[0]> & { allowUnknownFormat: true } = {
  allowUnknownFormat: true, // the package's types don't know it
};

/** Options of {@link openOuterArchive}. */
export interface OpenArchiveOptions extends Omit<
  OpenSeekableOptions,
  "spoolDirectory" | "through"
> {
  /**
   * The directory for a temporary copy of an archive that is compressed or comes through a pipe. Default: in
   * the cache directory.
   */
  readonly spoolDirectory?: string | undefined;
}

/**
 * Opens and indexes an archive. The names of entries have no leading `./` and no trailing `/`. The caller
 * closes the archive.
 * @throws OciError `invalid-archive` when it is not a tar, has two entries of the same name or too many
 * entries; `path-escape` for a name with `..`; `truncated`; any error of {@link openSeekable}
 */
export async function openOuterArchive(
  file: string,
  where: string,
  options: OpenArchiveOptions = {},
): Promise<OuterArchive> {
  const limits = withLimits(options.limits);
  const { spoolDirectory = defaultSpoolDirectory() } = options;
  const through = (bytes: Bytes): Bytes => refuseOtherThanTar(bytes, where);
  const fd = await openSeekable(file, { ...options, spoolDirectory, through });
  try {
    const bytes = readFileBytes(fd, { signal: options.signal });
    return outerArchive(fd, where, await indexEntries(bytes, where, limits), limits);
  } catch (error) {
    closeSync(fd);
    throw error;
  }
}

function outerArchive(
  fd: number,
  where: string,
  entries: ReadonlyMap<string, ArchiveEntry>,
  limits: Limits,
): OuterArchive {
  let closed = false;
  const read: OuterArchive["read"] = async function* ({ offset, size }, { signal } = {}) {
    // After a close, the system may have given the descriptor's number to another file.
    const part = readFileBytes(fd, { offset, length: size, signal });
    checkOpen();
    for await (const chunk of part) {
      yield chunk;
      checkOpen();
    }
  };
  const checkOpen = (): void => {
    if (closed)
      throw new OciError("unreadable", `${where}: expected an open archive, got a closed one`);
  };
  const find = (name: string): ArchiveFile =>
    findFile(entries, withoutDots(name), where, limits.linkHops);
  return {
    where,
    has: (name) => entries.has(withoutDots(name)),
    find,
    read,
    readDocument: async (name) =>
      readAll(read(find(name)), limits.documentBytes, `${where}: ${name}`, "documentBytes"),
    close: async () => {
      if (!closed) closeSync(fd);
      closed = true;
      return Promise.resolve();
    },
  };
}

async function indexEntries(
  bytes: Bytes,
  where: string,
  limits: Limits,
): Promise<ReadonlyMap<string, ArchiveEntry>> {
  const entries = new Map<string, ArchiveEntry>();
  const tar = extract(ANY_FORMAT);
  tar.on("entry", (header, content, next) => {
    content.on("end", () => next());
    // An error of the tar is also emitted by the open entry. Without a listener there it would end the process.
    content.on("error", ignore);
    try {
      add(entries, header, content.offset + HEADER, where, limits);
      content.resume();
    } catch (error) {
      tar.destroy(error as Error);
    }
  });
  try {
    await pipeline(toReadable(bytes), tar);
  } catch (error) {
    throw isOciError(error) ? error : notTar(where, error, entries.size === 0);
  }
  if (entries.size > 0) return entries;
  throw new OciError(
    "invalid-archive",
    `${where}: expected a tar archive, got one without entries`,
  );
}

function ignore(): void {
  // The pipeline reports the same error.
}

function add(
  entries: Map<string, ArchiveEntry>,
  header: Header,
  offset: number,
  where: string,
  limits: Limits,
): void {
  const name = cleanName(header.name, where);
  const entry = entryOf(header, offset, name, where);
  if (name === "" || entry === undefined) return;
  if (entries.has(name)) {
    throw new OciError("invalid-archive", `${where}: expected one entry ${quote(name)}, got two`);
  }
  entries.set(name, entry);
  if (entries.size > mostMembers(limits)) {
    const allowed = mostMembers(limits);
    throw limitExceeded({ what: where, limit: "children", allowed, unit: "entries" });
  }
}

/** The most entries in one archive: enough for `children` images with a few layers each. */
export function mostMembers(limits: Partial<Limits> | undefined): number {
  return withLimits(limits).children * 10;
}

function cleanName(name: string, where: string): string {
  const parts = name.split("/");
  if (parts.includes("..")) {
    throw new OciError("path-escape", `${where}: expected names without "..", got ${quote(name)}`);
  }
  return withoutDots(name);
}

/** The name under which an entry is indexed. References to it may begin with `./`. */
function withoutDots(name: string): string {
  const parts = name.split("/").filter((part) => part !== "" && part !== ".");
  return name.startsWith("/") ? `/${parts.join("/")}` : parts.join("/");
}

function entryOf(
  header: Header,
  offset: number,
  name: string,
  where: string,
): ArchiveEntry | undefined {
  switch (header.type) {
    case "file":
    case "contiguous-file":
      return { type: "file", offset, size: header.size };
    case "link":
      return { type: "link", target: cleanName(header.linkname, where) };
    case "symlink":
      return { type: "link", target: besides(name, header.linkname, where) };
    case "directory":
      return undefined;
    default:
      return { type: "other" };
  }
}

/** The target of a symbolic link, relative to the directory of the link. It must be inside the archive. */
function besides(name: string, target: string, where: string): string {
  const path = name.split("/").slice(0, -1);
  for (const part of target.split("/")) {
    if (part === "" || part === ".") continue;
    if (part !== "..") path.push(part);
    else if (path.pop() === undefined) {
      throw new OciError(
        "path-escape",
        `${where}: expected ${quote(name)} to stay in the archive, got a link to ${quote(target)}`,
      );
    }
  }
  return path.join("/");
}

function findFile(
  entries: ReadonlyMap<string, ArchiveEntry>,
  name: string,
  where: string,
  hops: number,
): ArchiveFile {
  let at = name;
  for (let hop = 0; hop <= hops; hop += 1) {
    const entry = entries.get(at);
    if (entry === undefined) {
      throw new OciError("not-found", `${where}: expected ${quote(at)}, got no such entry`);
    }
    if (entry.type === "file") return entry;
    if (entry.type === "other") {
      throw new OciError(
        "invalid-archive",
        `${where}: expected ${quote(at)} to be a regular file, got another kind of entry`,
      );
    }
    at = entry.target;
  }
  throw new OciError("link-loop", `${where}: expected ${quote(name)} to end at a file, got a loop`);
}

/** @param isFirst no entry was read before: it need not be a tar at all */
function notTar(where: string, cause: unknown, isFirst: boolean): OciError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  const short = reason.includes("Unexpected end");
  return new OciError(
    short ? "truncated" : "invalid-archive",
    `${where}: expected a tar archive, got ${short ? "one that ends too early" : `something else: ${reason}`}`,
    {
      cause,
      hint: isFirst
        ? "Is it an archive at all? Its first entry can't be read."
        : "It was cut short or damaged; write or fetch it again.",
    },
  );
}
