// SPDX-License-Identifier: MIT
import type { ElfBytes } from "../../elf/elf-bytes.ts";
import { readElf } from "../../elf/read-elf.ts";
import { isOciError } from "../../oci/errors.ts";
import { KEPT_OF_OBJECT, type LoadedFile } from "../closure/read-object.ts";

/** Bytes before the present position that are kept too: tables at an object's end lie close to each other. */
const KEPT_BEHIND = 1024 * 1024;

/** Reads an object while its bytes go by: nobody can go back to them. */
export interface PushedObject {
  /** The next bytes. They are copied. */
  push(chunk: Uint8Array): void;
  /** Resolves when no bytes are needed before the next ones. */
  ready(): Promise<void>;
  /** What the object is; undefined if that could not be told in one pass. Settles once all bytes are pushed. */
  readonly result: Promise<LoadedFile | undefined>;
}

/** Starts to read an object of `size` bytes. It keeps at most {@link KEPT_OF_OBJECT} bytes of it, and 1 MiB. */
export function readPushed(size: number): PushedObject {
  const window = createWindow(size);
  let wake = (): void => undefined;
  let isBusy = true;
  const settle = (): void => {
    isBusy = false;
    wake();
  };
  const read = (offset: number, length: number): Uint8Array | Promise<Uint8Array> => {
    const there = window.read(offset, length);
    if (there !== undefined) return there;
    return new Promise((resolve, reject) => {
      window.await({ offset, length, resolve, reject });
      settle();
    });
  };
  const result = load({ size, read }).finally(settle);
  // Whoever waits for the result gets the error; nobody may be waiting yet.
  result.catch(() => undefined);
  return {
    push(chunk) {
      if (window.push(chunk)) isBusy = true;
    },
    async ready() {
      while (isBusy) await new Promise<void>((resolve) => (wake = resolve));
    },
    result,
  };
}

/** Bytes were asked for that had gone by. */
class GoneBy extends Error {}

async function load(bytes: ElfBytes): Promise<LoadedFile | undefined> {
  try {
    const object = await readElf(bytes);
    return object === undefined ? { kind: "other" } : { kind: "elf", object };
  } catch (error) {
    if (error instanceof GoneBy) return undefined;
    if (!isOciError(error, "invalid-elf")) throw error;
    return { kind: "damaged", why: error.message };
  }
}

interface Request {
  readonly offset: number;
  readonly length: number;
  readonly resolve: (bytes: Uint8Array) => void;
  readonly reject: (error: Error) => void;
}

/** The bytes of a stream that can be read: its first ones, and those just before the position. */
interface Window {
  /** A range that is there; undefined for one that has not come yet. @throws GoneBy */
  read(offset: number, length: number): Uint8Array | undefined;
  /** Answers a request as soon as the bytes are there. One at a time. */
  await(request: Request): void;
  /** Returns whether this answers the request that waits. */
  push(chunk: Uint8Array): boolean;
}

function createWindow(size: number): Window {
  const start = new Uint8Array(Math.min(size, KEPT_OF_OBJECT));
  const behind = new Uint8Array(size > start.length ? KEPT_BEHIND : 0);
  let position = 0;
  let waiting: Request | undefined;
  const read = (offset: number, length: number): Uint8Array | undefined => {
    if (offset + length > position) return undefined;
    if (offset + length <= start.length) return start.subarray(offset, offset + length);
    if (Math.max(offset, start.length) < position - behind.length) throw new GoneBy();
    const bytes = new Uint8Array(length);
    for (let filled = 0; filled < length;) {
      const at = offset + filled;
      const rest = at < start.length ? start.subarray(at) : behind.subarray(at % behind.length);
      const piece = rest.subarray(0, length - filled);
      bytes.set(piece, filled);
      filled += piece.length;
    }
    return bytes;
  };
  const keep = (part: Uint8Array): void => {
    if (position < start.length) start.set(part.subarray(0, start.length - position), position);
    for (let from = 0; from < part.length && behind.length > 0;) {
      const at = (position + from) % behind.length;
      const piece = part.subarray(from, from + behind.length - at);
      behind.set(piece, at);
      from += piece.length;
    }
    position += part.length;
  };
  const answer = (): boolean => {
    if (waiting === undefined) return false;
    const { offset, length, resolve, reject } = waiting;
    try {
      const bytes = read(offset, length);
      if (bytes === undefined) return false;
      resolve(bytes);
    } catch (error) {
      reject(error as Error);
    }
    waiting = undefined;
    return true;
  };
  return {
    read,
    await: (request) => void (waiting = request),
    push(chunk) {
      let isAnswered = false;
      // In pieces, so that what is waited for is still there after each of them.
      for (let from = 0; from < chunk.length; from += KEPT_BEHIND / 2) {
        keep(chunk.subarray(from, from + KEPT_BEHIND / 2));
        isAnswered = answer() || isAnswered;
      }
      return isAnswered;
    },
  };
}
