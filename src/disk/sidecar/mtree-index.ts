// SPDX-License-Identifier: MIT
import { fromBytes, type ByteString } from "../../bytes/byte-string.ts";
import { OciError } from "../../oci/errors.ts";
import { quote } from "../../oci/quote.ts";
import type { NodeType } from "../../rootfs/root-filesystem.ts";
import { END, SIGNATURE, WORD_TYPES } from "./mtree-keywords.ts";
import { parseVis } from "./vis-encoding.ts";

/**
 * Where the entries of `tree.mtree` are, in columns. They are numbered in the order of the file, which is that of
 * `walkFilesystem`: the root is 0, and what is below entry `n` has the numbers from `n + 1` to before `ends[n]`.
 */
export interface MtreeIndex {
  /** The last component of each path; empty for the root. */
  readonly names: readonly ByteString[];
  readonly types: readonly NodeType[];
  readonly ends: readonly number[];
  /** The position of each entry's first line, and after those the position of the last line of the file. */
  readonly starts: readonly number[];
}

export const NEWLINE = 10;
const HASH = 35;

/**
 * Finds the entries of `tree.mtree`. Strict about paths, types and their order, so that the columns are a tree; everything
 * else is left to whoever parses an entry.
 * @throws OciError `invalid-sidecar` that says which line
 */
export function indexMtree(text: Uint8Array): MtreeIndex {
  const entries = new EntryColumns();
  const signature = endOfLine(text, 0);
  if (fromBytes(text, 0, signature) !== SIGNATURE) throw notUnderstood(text, 0);
  for (let at = signature + 1; ;) {
    const end = endOfLine(text, at);
    if (end === text.length - 1) {
      const last = `${END}${entries.names.length}`;
      if (fromBytes(text, at, end) !== last) throw notUnderstood(text, at);
      return entries.finish(at);
    }
    const isFine =
      text[at] === HASH ? entries.names.length > 0 : entries.add(fromBytes(text, at, end), at);
    if (!isFine) throw notUnderstood(text, at);
    at = end + 1;
  }
}

function endOfLine(text: Uint8Array, at: number): number {
  const end = text.indexOf(NEWLINE, at);
  if (end === -1) throw notUnderstood(text, at);
  return end;
}

/** The error for the line at a position of `tree.mtree`. */
export function notUnderstood(text: Uint8Array, at: number): OciError {
  let number = 1;
  for (let next = 0; next < at; next += 1) if (text[next] === NEWLINE) number += 1;
  const end = text.indexOf(NEWLINE, at);
  const line =
    at < text.length ? fromBytes(text, at, end === -1 ? text.length : end) : "the end of the file";
  return new OciError("invalid-sidecar", `line ${number} is not understood: ${quote(line)}`);
}

/** A directory that the next entry may be in. */
interface OpenDirectory {
  /** Its path as it is written. */
  readonly word: string;
  readonly number: number;
  /** The name of the last entry in it so far. */
  lastName: ByteString;
}

const EMPTY = "" as ByteString;
const TYPE = " type=";

class EntryColumns implements MtreeIndex {
  readonly names: ByteString[] = [];
  readonly types: NodeType[] = [];
  readonly ends: number[] = [];
  readonly starts: number[] = [];
  /** From the root to where the last entry was. */
  readonly #open: OpenDirectory[] = [];

  /** Adds the entry whose first line this is; returns false for one that this library would not write there. */
  add(line: string, start: number): boolean {
    const space = line.indexOf(TYPE);
    const word = line.slice(0, Math.max(space, 0));
    const type = WORD_TYPES.get(line.slice(space + TYPE.length, line.indexOf(" ", space + 1)));
    const name = word === "." ? this.#takeRoot(type) : this.#takeName(word);
    if (name === undefined || type === undefined) return false;
    const number = this.names.length;
    if (type === "directory") this.#open.push({ word, number, lastName: EMPTY });
    this.names.push(name);
    this.types.push(type);
    this.starts.push(start);
    this.ends.push(number + 1);
    return true;
  }

  finish(end: number): MtreeIndex {
    this.#leave(undefined);
    this.starts.push(end);
    return this;
  }

  #takeRoot(type: NodeType | undefined): ByteString | undefined {
    return this.names.length === 0 && type === "directory" ? EMPTY : undefined;
  }

  /** The name at the end of a path, if that comes next: in a directory that is open, after the names before it. */
  #takeName(word: string): ByteString | undefined {
    const slash = word.lastIndexOf("/");
    const directory = this.#leave(word.slice(0, slash));
    const name = parseVis(word.slice(slash + 1));
    if (directory === undefined || name === undefined || !isName(name)) return undefined;
    if (name <= directory.lastName) return undefined;
    directory.lastName = name;
    return name;
  }

  /** Leaves all directories that are not on the way to this one, and returns it if it is open. */
  #leave(word: string | undefined): OpenDirectory | undefined {
    let last = this.#open.at(-1);
    while (last !== undefined && last.word !== word) {
      this.ends[last.number] = this.names.length;
      this.#open.pop();
      last = this.#open.at(-1);
    }
    return last;
  }
}

function isName(name: ByteString): boolean {
  return name !== "." && name !== ".." && !name.includes("/") && !name.includes("\0");
}
