// SPDX-License-Identifier: MIT
import { OciError } from "../../oci/errors.ts";
import type { Bytes } from "../bytes.ts";
import { hashing } from "./browser-hashing.ts";
import type { Codecs, GunzipInThreadOptions } from "../codecs.ts";

/**
 * The codecs of browsers: only decompressing gzip of one member. The gzip encoder of a browser takes no level
 * and fills in the header as it likes, so a layer's digest would depend on the browser. Browsers have no
 * zstd.
 */
export const codecs: Codecs = {
  gunzip,
  gunzipInThread,
  gzip: () => unsupported("compressing with gzip"),
  unzstd: (_, { what }) => unsupported(`${what}: decompressing zstd`),
  zstd: () => unsupported("compressing with zstd"),
  zstdAtOnce: () => Promise.resolve(Infinity),
};

/** Bytes given to the decoder at once: it expands them all, by a factor of up to 1032, before it can be stopped. */
const PIECE = 16 * 1024;

/**
 * Decompresses one gzip member with the platform's `DecompressionStream`. Content of several members, or
 * with anything after its member, is refused: browsers throw a TypeError for what follows the first
 * member; a runtime that drops it is found out by the length at the end of the input.
 * @throws OciError while reading: `truncated`, `invalid-compression`
 */
async function* gunzip(bytes: Bytes, what: string): Bytes & AsyncGenerator<Uint8Array> {
  const decoder = new DecompressionStream("gzip");
  const output = decoder.readable.getReader() as ReadableStreamDefaultReader<Uint8Array>;
  const feeding = feed(bytes, decoder.writable.getWriter());
  let length = 0;
  try {
    for (let next = await output.read(); !next.done; next = await output.read()) {
      length += next.value.length;
      yield next.value;
    }
  } catch (error) {
    const { failure, isWhole } = await feeding;
    if (failure !== undefined) throw failure.error;
    throw isWhole ? truncated(what, error) : refused(what, String(error));
  } finally {
    await output.cancel().catch(noop);
    await feeding;
  }
  const { size, tail } = await feeding;
  if (size === 0) throw truncated(what, undefined);
  if (tail !== length % 2 ** 32) throw refused(what, `${length} bytes, where its end says ${tail}`);
}

/** What became of the input of a decoder. */
interface Fed {
  /** Bytes read. */
  size: number;
  /** The last four of them as a little-endian number: in a whole member, the length of its content. */
  tail: number;
  /** Whether the decoder took all of the input. */
  isWhole: boolean;
  /** Why the source could not be read to its end. */
  failure?: { readonly error: unknown };
}

/** Writes bytes to a decoder until it fails or its reader has left, then closes the bytes. Never rejects. */
async function feed(bytes: Bytes, input: WritableStreamDefaultWriter<Uint8Array>): Promise<Fed> {
  input.closed.catch(noop);
  const fed: Fed = { size: 0, tail: 0, isWhole: false };
  try {
    for await (const chunk of bytes) {
      fed.size += chunk.length;
      for (const byte of chunk.subarray(-4)) fed.tail = ((fed.tail >>> 8) | (byte << 24)) >>> 0;
      if (!(await write(input, chunk))) return fed;
    }
  } catch (error) {
    await input.abort(error).catch(noop);
    return { ...fed, failure: { error } };
  }
  fed.isWhole = true;
  await input.close().catch(noop);
  return fed;
}

/** Whether the decoder took the chunk. */
async function write(
  input: WritableStreamDefaultWriter<Uint8Array>,
  chunk: Uint8Array,
): Promise<boolean> {
  try {
    for (let at = 0; at < chunk.length; at += PIECE) {
      await input.write(chunk.slice(at, at + PIECE));
    }
    return true;
  } catch {
    return false;
  }
}

function truncated(what: string, cause: unknown): OciError {
  return new OciError("truncated", `${what}: expected more gzip data, got the end`, {
    cause,
    hint: "The content was cut short where it is stored or on its way; fetch it again.",
  });
}

function refused(what: string, got: string): OciError {
  return new OciError(
    "invalid-compression",
    `${what}: expected one gzip member and nothing after it, got ${got}`,
    {
      hint: "The content was damaged, or it has several gzip members, which browsers can't decompress: read it with Node.",
    },
  );
}

function noop(): void {
  // a decoder that failed tells whoever reads from it
}

/** {@link gunzip}, hashing what comes out. There is no thread: the digest is computed as it is read. */
async function* gunzipInThread(
  bytes: Bytes,
  { what, algorithm, done }: GunzipInThreadOptions,
): Bytes & AsyncGenerator<Uint8Array> {
  const hasher = hashing.createHasher(algorithm);
  for await (const chunk of gunzip(bytes, what)) {
    hasher.update(chunk);
    yield chunk;
  }
  done(hasher.hex());
}

/** Bytes that fail when they are read. */
function unsupported(what: string): Bytes {
  const error = new OciError(
    "unsupported-compression",
    `${what}: expected Node, got oci-kit as it was bundled for browsers, which can't do this`,
    { hint: "Browsers read layers that are uncompressed or compressed with gzip." },
  );
  return { [Symbol.asyncIterator]: () => ({ next: () => Promise.reject(error) }) };
}
