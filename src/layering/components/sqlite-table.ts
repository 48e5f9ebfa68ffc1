// SPDX-License-Identifier: MIT

/** What a column of a row holds; `undefined` for anything but bytes and text, which nobody asks for here. */
export type SqliteValue = Uint8Array | undefined;

/** A database that is damaged, or written in a way that is not understood. */
export class DatabaseFault extends Error {}

const MAGIC = "SQLite format 3\0";
const HEADER = 100;
const LEAF = 0x0d;
const INTERIOR = 0x05;

/**
 * The rows of a table of a SQLite database (sqlite.org/fileformat2.html), in the order of their keys. Only tables are
 * read, no indexes and no write-ahead log. A page that is named twice is a fault, and so are rows of more bytes than the
 * file, so that the file bounds the work. Nothing for a table that does not exist.
 * @throws DatabaseFault, and RangeError for what points outside the file
 */
export function* readSqliteTable(
  file: Uint8Array,
  table: string,
): Generator<readonly SqliteValue[]> {
  const pages = openPages(file);
  const wanted = Buffer.from(table, "latin1");
  for (const [type, name, , root] of rowsBelow(pages, 1)) {
    const isTable = type !== undefined && Buffer.from(type).equals(Buffer.from("table"));
    if (!isTable || name === undefined || !wanted.equals(name)) continue;
    yield* rowsBelow(pages, integerOf(root));
    return;
  }
}

interface Pages {
  /** A page by its number, from 1; each once. */
  take(number: number): DataView;
  /** Counts the bytes of a row: all together can't be more than the file has, however many cells name the same bytes. */
  spend(bytes: number): void;
  /** Bytes of a page that hold anything. */
  readonly usable: number;
}

function openPages(file: Uint8Array): Pages {
  if (file.length < HEADER || Buffer.from(file.subarray(0, 16)).toString("latin1") !== MAGIC) {
    throw new DatabaseFault("it is no SQLite database");
  }
  const header = new DataView(file.buffer, file.byteOffset, HEADER);
  const size = header.getUint16(16) === 1 ? 65_536 : header.getUint16(16);
  const usable = size - header.getUint8(20);
  if (size < 512 || (size & (size - 1)) !== 0 || usable < 480) {
    throw new DatabaseFault(`pages of ${size} bytes`);
  }
  const taken = new Set<number>();
  let left = file.length;
  return {
    usable,
    spend(bytes) {
      left -= bytes;
      if (left < 0) throw new DatabaseFault("its rows are larger than the file");
    },
    take(number) {
      if (taken.has(number)) throw new DatabaseFault(`page ${number} is used twice`);
      taken.add(number);
      return new DataView(file.buffer, file.byteOffset + (number - 1) * size, size);
    },
  };
}

function* rowsBelow(pages: Pages, root: number): Generator<readonly SqliteValue[]> {
  const waiting = [root];
  for (let number = waiting.pop(); number !== undefined; number = waiting.pop()) {
    const page = pages.take(number);
    const start = number === 1 ? HEADER : 0;
    const type = page.getUint8(start);
    const cells = page.getUint16(start + 3);
    if (type === LEAF) {
      for (let cell = 0; cell < cells; cell += 1) {
        yield parseRecord(readPayload(pages, page, page.getUint16(start + 8 + cell * 2)));
      }
    } else if (type === INTERIOR) {
      waiting.push(page.getUint32(start + 8));
      for (let cell = cells - 1; cell >= 0; cell -= 1) {
        waiting.push(page.getUint32(page.getUint16(start + 12 + cell * 2)));
      }
    } else throw new DatabaseFault(`page ${number} is no page of a table`);
  }
}

/** The whole payload of a cell, of which a part may be on pages of its own. */
function readPayload(pages: Pages, page: DataView, at: number): Uint8Array {
  const length = readVarint(page, at);
  const key = readVarint(page, length.end);
  const { usable } = pages;
  pages.spend(length.value);
  const most = usable - 35;
  const least = Math.floor(((usable - 12) * 32) / 255) - 23;
  const rest = least + ((length.value - least) % (usable - 4));
  const local = length.value <= most ? length.value : rest <= most ? rest : least;
  const payload = new Uint8Array(length.value);
  payload.set(bytesOf(page, key.end, local));
  let filled = local;
  let next = filled < length.value ? page.getUint32(key.end + local) : 0;
  while (filled < length.value) {
    const overflow = pages.take(next);
    const more = Math.min(usable - 4, length.value - filled);
    payload.set(bytesOf(overflow, 4, more), filled);
    filled += more;
    next = overflow.getUint32(0);
  }
  return payload;
}

function parseRecord(payload: Uint8Array): SqliteValue[] {
  const view = new DataView(payload.buffer, payload.byteOffset, payload.length);
  const header = readVarint(view, 0);
  const values: SqliteValue[] = [];
  let content = header.value;
  for (let at = header.end; at < header.value;) {
    const type = readVarint(view, at);
    at = type.end;
    const length = lengthOf(type.value);
    values.push(type.value === 0 || type.value === 7 ? undefined : bytesOf(view, content, length));
    content += length;
  }
  return values;
}

/** Bytes of a value by its serial type. */
function lengthOf(type: number): number {
  if (type >= 12) return Math.floor((type - 12) / 2);
  return [0, 1, 2, 3, 4, 6, 8, 8, 0, 0][type] ?? 0;
}

function integerOf(value: SqliteValue): number {
  if (value === undefined || value.length > 6) throw new DatabaseFault("a page without a number");
  return value.reduce((sum, byte) => sum * 256 + byte, 0);
}

function bytesOf(view: DataView, at: number, length: number): Uint8Array {
  if (at + length > view.byteLength) throw new DatabaseFault("a value ends after its page");
  return new Uint8Array(view.buffer, view.byteOffset + at, length);
}

/** A number of one to nine bytes, of which the first eight give seven bits each. */
function readVarint(view: DataView, at: number): { readonly value: number; readonly end: number } {
  let value = 0;
  for (let end = at; end < at + 8; end += 1) {
    const byte = view.getUint8(end);
    value = value * 128 + (byte & 0x7f);
    if (byte < 0x80) return { value, end: end + 1 };
  }
  return { value: value * 256 + view.getUint8(at + 8), end: at + 9 };
}
