// SPDX-License-Identifier: MIT
import { closeSync, constants, fstatSync, fsync, openSync, rmSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { throwIfAborted } from "../../bytes/abort.ts";
import type { AbortOptions, Bytes, PushedBytes } from "../../bytes/bytes.ts";
import { exactly } from "../../bytes/streams/cut-bytes.ts";
import { createHasher } from "../../bytes/hash.ts";
import { digestMismatch, isVerified, sizeMismatch } from "../../bytes/verify.ts";
import { digestOf, knownAlgorithm, type Digest, type DigestAlgorithm } from "../../oci/digest.ts";
import {
  canHashMeanwhile,
  openFileHasher,
  type FileHasher,
} from "../../files/hashing/file-hasher.ts";
import { openRegularFile, readFileBytes, writeWhole } from "../../files/regular-file.ts";
import { fileError, writing } from "../../files/system-error.ts";
import { placeBlob } from "./layout-blobs.ts";

const APPEND = constants.O_WRONLY | constants.O_APPEND | constants.O_NOFOLLOW;
const READ_AND_APPEND = constants.O_RDWR | constants.O_APPEND | constants.O_NOFOLLOW;
/** So many bytes that were received are hashed at the end, read from the file: to start in another thread takes longer. */
const HASHED_HERE = 1024 * 1024;
const WHAT = "upload";
const flush = promisify(fsync);

/** Starts a blob in a new file of a layout. */
export function createBlob(directory: string, name: string): UnfinishedBlob {
  const path = join(directory, name);
  closeSync(writing(path, () => openSync(path, "wx", 0o600)));
  return new UnfinishedBlob(directory, path, 0);
}

/**
 * Reopens a blob that was left unfinished.
 * @throws OciError `not-found`; `invalid-layout` when it is not a regular file
 */
export function reopenBlob(directory: string, name: string): UnfinishedBlob {
  const path = join(directory, name);
  const { fd, stats } = openRegularFile(path, "invalid-layout");
  closeSync(fd);
  return new UnfinishedBlob(directory, path, stats.size);
}

/** A blob that is being written, in its own file beside the blobs. Nothing is kept open between calls. */
export class UnfinishedBlob {
  readonly #directory: string;
  readonly #path: string;
  #algorithm: DigestAlgorithm = "sha256";
  /** Hashes the first `#hashed` bytes. */
  #hasher = createHasher(this.#algorithm);
  #hashed = 0;
  #size: number;
  /** Hashes all that is in the file, in another thread, once more than {@link HASHED_HERE} was received. */
  #meanwhile: FileHasher | undefined;
  /** How many bytes {@link #meanwhile} was told of. */
  #told = 0;
  /** The digest, if all bytes came from one source that verified them. */
  #verified: Digest | undefined;

  constructor(directory: string, path: string, size: number) {
    this.#directory = directory;
    this.#path = path;
    this.#size = size;
  }

  /** How many bytes are in the file. */
  get size(): number {
    return this.#size;
  }

  get path(): string {
    return this.#path;
  }

  /**
   * Hashes what is in the file, so that bytes added afterwards are hashed on their way.
   * @throws OciError `unreadable`, `aborted`
   */
  async rehash({ signal }: AbortOptions = {}): Promise<void> {
    for await (const chunk of readFileBytes(this.#path, { offset: this.#hashed, signal })) {
      this.#hasher.update(chunk);
      this.#hashed += chunk.length;
    }
  }

  /** Hashes what comes with this algorithm, if nothing has come yet. */
  hashWith(algorithm: DigestAlgorithm): void {
    if (this.#size > 0 || algorithm === this.#algorithm) return;
    this.#algorithm = algorithm;
    this.#hasher = createHasher(algorithm);
  }

  /**
   * Adds bytes: exactly `length` of them, if given. After a failure, the bytes that had arrived stay, and the
   * blob can be continued from there.
   * @throws OciError `size-mismatch`, `unwritable`, `aborted`; any error of `bytes`
   */
  async append(bytes: Bytes, length?: number, { signal }: AbortOptions = {}): Promise<void> {
    const verified = this.#size === 0 && isVerified(bytes) ? bytes.digest : undefined;
    const isHashed = verified === undefined && this.#hashed === this.#size;
    this.#verified = undefined;
    const path = this.#path;
    const fd = writing(path, () => openSync(path, APPEND));
    try {
      throwIfAborted(signal, path);
      for await (const chunk of length === undefined ? bytes : exactly(bytes, length, WHAT)) {
        throwIfAborted(signal, path);
        writing(path, () => writeWhole(fd, chunk));
        this.#size += chunk.length;
        if (!isHashed) continue;
        this.#hasher.update(chunk);
        this.#hashed = this.#size;
      }
      this.#verified = verified;
    } catch (error) {
      // A failed write may have written a part of its chunk.
      this.#size = fstatSync(fd).size;
      throw error;
    } finally {
      closeSync(fd);
    }
  }

  /**
   * Adds all of a body, as {@link append} does, but writes each chunk while it is pushed and hashes a large body in another
   * thread meanwhile. Resolves when that is done too.
   * @throws OciError `unwritable`; any error of `body`
   */
  async receive(body: PushedBytes): Promise<void> {
    this.#verified = undefined;
    const path = this.#path;
    const fd = writing(path, () => openSync(path, READ_AND_APPEND));
    try {
      await body((chunk) => {
        writing(path, () => writeWhole(fd, chunk));
        this.#hashReceived(chunk, fd);
      });
    } catch (error) {
      // A failed write may have written a part of its chunk.
      this.#size = fstatSync(fd).size;
      throw error;
    } finally {
      await this.#meanwhile?.settle();
      closeSync(fd);
    }
  }

  #hashReceived(chunk: Uint8Array, fd: number): void {
    const before = this.#size;
    this.#size += chunk.length;
    if (!canHashMeanwhile()) {
      if (this.#hashed !== before) return;
      this.#hasher.update(chunk);
      this.#hashed = this.#size;
    } else if (this.#size > HASHED_HERE) {
      this.#meanwhile ??= openFileHasher(this.#algorithm);
      this.#told = this.#size;
      this.#meanwhile.readTo(fd, this.#size);
    }
  }

  /**
   * Syncs the file and moves it to its place. Every byte has been hashed by then: those that an earlier
   * process wrote are read again.
   * @param expected the digest that the blob must have; without it, the blob is stored under its sha256
   * @throws OciError `digest-mismatch`, `unsupported-algorithm`. After any failure nothing stays behind
   */
  async finish(expected?: Digest): Promise<{ readonly digest: Digest; readonly size: number }> {
    try {
      const size = this.#size;
      const isKnown = expected !== undefined && this.#verified === expected;
      const [digest, written] = await Promise.all([
        isKnown ? expected : this.#digest(expected),
        syncFile(this.#path),
      ]);
      if (expected !== undefined && digest !== expected) {
        throw digestMismatch(WHAT, { digest: expected, size }, digest);
      }
      // More bytes than were counted are those of somebody else who works with the same file.
      if (written !== size) {
        throw sizeMismatch(WHAT, { digest, size }, `${written} bytes`, written);
      }
      await placeBlob(this.#directory, this.#path, digest);
      return { digest, size };
    } catch (error) {
      this.discard();
      throw error;
    }
  }

  /** Removes the file. Idempotent. */
  discard(): void {
    rmSync(this.#path, { force: true });
    void this.#meanwhile?.drop();
  }

  async #digest(like: Digest | undefined): Promise<Digest> {
    const algorithm = like === undefined ? "sha256" : knownAlgorithm(like);
    const isRunning = algorithm === this.#algorithm;
    const hex = isRunning && this.#told === this.#size ? await this.#hexMeanwhile() : undefined;
    if (hex !== undefined) return digestOf(algorithm, hex);
    const hasher = isRunning ? this.#hasher : createHasher(algorithm);
    const offset = isRunning ? this.#hashed : 0;
    if (offset < this.#size) {
      for await (const chunk of readFileBytes(this.#path, { offset })) hasher.update(chunk);
    }
    return digestOf(algorithm, hasher.hex());
  }

  /** Undefined when the other thread could not do it: then the file is read here. */
  #hexMeanwhile(): Promise<string | undefined> {
    return Promise.resolve(this.#meanwhile?.hex()).catch(() => undefined);
  }
}

/** Makes a file durable. Returns its size. */
async function syncFile(path: string): Promise<number> {
  const fd = writing(path, () => openSync(path, APPEND));
  try {
    await flush(fd);
    return fstatSync(fd).size;
  } catch (error) {
    throw fileError("unwritable", path, error);
  } finally {
    closeSync(fd);
  }
}
