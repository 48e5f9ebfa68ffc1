// SPDX-License-Identifier: MIT
import { fromBytes, type ByteString } from "../../bytes/byte-string.ts";
import type { PackageFile } from "./package-owners.ts";
import { DatabaseFault, readSqliteTable } from "./sqlite-table.ts";

const DIRECTORIES = ["/usr/lib/sysimage/rpm", "/var/lib/rpm"];

function inEach(name: string): readonly ByteString[] {
  return DIRECTORIES.map((directory) => `${directory}/${name}` as ByteString);
}

/** Where rpm keeps what is installed, since rpm 4.16 of Fedora 33. */
export const RPM_SQLITE: readonly ByteString[] = inEach("rpmdb.sqlite");

/** The databases of SUSE (ndb) and of earlier releases (Berkeley DB), which are not read. */
export const RPM_OTHERS: readonly ByteString[] = ["Packages.db", "Packages"].flatMap(inEach);

// Tags of a header, and types of what they name (rpm's lib/rpmtag.h).
const NAME = 1000;
const SOURCE_RPM = 1044;
const DIR_INDEXES = 1116;
const BASE_NAMES = 1117;
const DIR_NAMES = 1118;
const TYPES: ReadonlyMap<number, number> = new Map([
  [NAME, 6],
  [SOURCE_RPM, 6],
  [DIR_INDEXES, 4],
  [BASE_NAMES, 8],
  [DIR_NAMES, 8],
]);

/**
 * The files of rpm's database, each with its package. What a transaction left in the write-ahead log is not seen.
 * @throws DatabaseFault where it can't be read
 */
export function* parseRpmDatabase(file: Uint8Array): Generator<PackageFile> {
  try {
    for (const [, header] of readSqliteTable(file, "Packages")) {
      if (header === undefined) throw new DatabaseFault("a package without a header");
      yield* parseHeader(header);
    }
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new DatabaseFault("it is cut short or damaged", { cause: error });
  }
}

/** The files of one header: entries of sixteen bytes (tag, type, offset, count), and the data they point into. */
function* parseHeader(header: Uint8Array): Generator<PackageFile> {
  const view = new DataView(header.buffer, header.byteOffset, header.length);
  const entries = view.getUint32(0);
  const data = 8 + entries * 16;
  if (data > header.length) throw new DatabaseFault("a header of a package is cut short");
  const found = new Map<number, { readonly at: number; readonly count: number }>();
  for (let at = 8; at < data; at += 16) {
    const tag = view.getUint32(at);
    if (TYPES.get(tag) === view.getUint32(at + 4)) {
      found.set(tag, { at: data + view.getUint32(at + 8), count: view.getUint32(at + 12) });
    }
  }
  const strings = (tag: number): readonly ByteString[] => {
    const { at = 0, count = 0 } = found.get(tag) ?? {};
    return readStrings(header, at, count);
  };
  const [name] = strings(NAME);
  const source = sourceName(strings(SOURCE_RPM)[0]);
  const [baseNames, dirNames] = [strings(BASE_NAMES), strings(DIR_NAMES)];
  const indexes = found.get(DIR_INDEXES);
  if (name === undefined || indexes?.count !== baseNames.length) return;
  for (const [at, base] of baseNames.entries()) {
    const directory = dirNames[view.getUint32(indexes.at + at * 4)];
    if (directory === undefined) throw new DatabaseFault("a file without a directory");
    yield { path: `${directory}${base}` as ByteString, name, source };
  }
}

/** `bash` for `bash-5.2.26-3.fc40.src.rpm`: neither version nor release has a hyphen. */
function sourceName(file: ByteString | undefined): ByteString | undefined {
  return /^(.+)-[^-]+-[^-]+$/.exec(file ?? "")?.[1] as ByteString | undefined;
}

/** The most files of one package: a header of rpm itself has no more than 256 MB for everything. */
const MOST_FILES = 1_000_000;

function readStrings(header: Uint8Array, start: number, count: number): ByteString[] {
  if (count > MOST_FILES) throw new DatabaseFault(`a package of ${count} files`);
  const strings: ByteString[] = [];
  let at = start;
  while (strings.length < count) {
    const end = header.indexOf(0, at);
    if (end < 0) throw new DatabaseFault("a string without an end");
    strings.push(fromBytes(header.subarray(at, end)));
    at = end + 1;
  }
  return strings;
}
