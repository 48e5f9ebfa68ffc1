// SPDX-License-Identifier: MIT
import type { ServerResponse } from "node:http";
import { readSync } from "node:fs";
import { setImmediate } from "node:timers/promises";
import { createHasher } from "../../bytes/hash.ts";
import { digestMismatch, sizeMismatch } from "../../bytes/verify.ts";
import { canHashMeanwhile, openFileHasher } from "../../files/hashing/file-hasher.ts";
import { digestOf, knownAlgorithm, type Digest } from "../../oci/digest.ts";
import type { LeastRate } from "../../registry/least-rate.ts";

/** What {@link sendFile} sends of an open file, which stays open. */
export interface FilePart {
  readonly fd: number;
  /** Default: 0. */
  readonly offset?: number | undefined;
  readonly length: number;
  /** What the part, from the first byte on, must be. Without it, the bytes are sent as they are. */
  readonly digest?: Digest | undefined;
  /**
   * Asked before the last block: whether the file is still what it was. With it, bytes that are read for the client and
   * bytes that are read by another thread, to hash them, are the same.
   */
  readonly isSame?: (() => boolean) | undefined;
}

// Measured with one client: larger blocks are no faster, and smaller ones cost more.
const BLOCK = 256 * 1024;
const BLOCKS_PER_TURN = 4;
/** A part of this length is hashed in another thread, if the file may be read twice. */
const HASHED_MEANWHILE = 1024 * 1024;
/** So far the other thread reads before us, and no further: what a client does not fetch need not be read. */
const AHEAD = 8 * 1024 * 1024;
const WHAT = "stored content";

/**
 * Sends a part of a file as the body of an answer whose head is written, each byte read into one block of
 * memory and written from there, and hashed there or meanwhile by another thread. The last block is held back until the digest is known to be
 * right, so that wrong content never arrives whole. A client that takes almost nothing for long loses the
 * connection.
 * @throws OciError `digest-mismatch`, `size-mismatch` (then the caller breaks the connection); Error when the
 * client has gone
 */
export async function sendFile(
  response: ServerResponse,
  { fd, offset = 0, length, digest, isSame }: FilePart,
  rate: LeastRate,
): Promise<void> {
  const hasher = digest && openHasher(fd, length, digest, isSame !== undefined);
  const block = Buffer.allocUnsafeSlow(Math.min(BLOCK, length));
  const writer = openWriter(response, rate);
  try {
    for (let at = 0, turn = 1; at < length; turn += 1) {
      const count = readSync(fd, block, 0, Math.min(block.length, length - at), offset + at);
      const part = block.subarray(0, count);
      at += count;
      hasher?.update(part, at);
      if (count === 0 && digest !== undefined) {
        throw sizeMismatch(WHAT, { digest, size: length }, `${at} bytes`, at);
      }
      if (count === 0) throw new Error(`${WHAT} has become shorter`);
      if (at === length) await hasher?.check();
      if (at === length && isSame?.() === false) {
        throw new Error(`${WHAT} was changed while it was sent`);
      }
      await writer.write(part);
      // What is written may be taken at once, and then no other task would get its turn.
      if (turn % BLOCKS_PER_TURN === 0) await setImmediate();
    }
    await writer.end();
  } finally {
    writer.close();
    await hasher?.close();
  }
}

interface PartHasher {
  /** Takes the bytes before `at`. */
  update(part: Uint8Array, at: number): void;
  /** @throws OciError `digest-mismatch` */
  check(): Promise<void>;
  /** After this the file may be closed. */
  close(): Promise<void>;
}

function openHasher(fd: number, size: number, digest: Digest, mayReadTwice: boolean): PartHasher {
  const algorithm = knownAlgorithm(digest);
  const check = (hex: string): void => {
    const got = digestOf(algorithm, hex);
    if (got !== digest) throw digestMismatch(WHAT, { digest, size }, got);
  };
  if (mayReadTwice && size >= HASHED_MEANWHILE && canHashMeanwhile()) {
    const hasher = openFileHasher(algorithm);
    hasher.readTo(fd, Math.min(size, AHEAD));
    return {
      update: (_, at) => hasher.readTo(fd, Math.min(size, at + AHEAD)),
      check: () => hasher.hex().then(check),
      close: () => hasher.drop(),
    };
  }
  const hasher = createHasher(algorithm);
  return {
    update: (part) => hasher.update(part),
    check: () => Promise.resolve(hasher.hex()).then(check),
    close: () => Promise.resolve(),
  };
}

interface Writer {
  /** Resolves when the block may be used again. */
  write(block: Uint8Array): Promise<void>;
  end(): Promise<void>;
  /** Frees what the writer needs. */
  close(): void;
}

function openWriter(response: ServerResponse, { idleTimeout, leastRate }: LeastRate): Writer {
  let reject: (error: Error) => void = () => undefined;
  const onClose = (): void => reject(response.errored ?? new Error("the client has gone"));
  response.on("close", onClose);
  const isSlow = (): void => {
    response.destroy(new Error("the client took almost no bytes for long"));
  };
  const until = async (
    bytes: number,
    work: (done: (error?: Error | null) => void) => void,
  ): Promise<void> => {
    const timer = setTimeout(isSlow, idleTimeout + (bytes * 1000) / leastRate);
    try {
      await new Promise<void>((resolve, fail) => {
        reject = fail;
        if (response.destroyed) onClose();
        work((error) => (error instanceof Error ? fail(error) : resolve()));
      });
    } finally {
      clearTimeout(timer);
    }
  };
  return {
    write: (block) => until(block.length, (done) => void response.write(block, done)),
    end: () => until(0, (done) => void response.end(done)),
    close: () => void response.off("close", onClose),
  };
}
