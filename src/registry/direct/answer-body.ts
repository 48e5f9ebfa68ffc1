// SPDX-License-Identifier: MIT
import type { Bytes } from "../../bytes/bytes.ts";
import { HEAD_BYTES } from "../exchange.ts";
import type { Framing } from "../wire/answer-head.ts";
import { hungUp, type Reader } from "./reader.ts";

/** RFC 9112, 7.1, with extensions, which say nothing to us. */
const CHUNK_SIZE = /^([0-9a-f]{1,12})[\t ]*(?:;|$)/i;
const CHUNK_LINE_BYTES = 1024;

/**
 * The body of an answer whose head has been read. A chunk's memory may be used again for the next one.
 * @throws as the reader; `ERR_STREAM_PREMATURE_CLOSE` for a body that is cut off
 */
export function readAnswerBody(reader: Reader, framing: Framing): Bytes {
  if (framing === "chunked") return readChunked(reader);
  return framing === "until-close" ? readRest(reader) : readExactly(reader, framing);
}

async function* readExactly(reader: Reader, length: number): AsyncGenerator<Uint8Array, void> {
  for (let left = length; left > 0;) {
    const part = await reader.some(left);
    if (part === undefined) throw hungUp();
    left -= part.length;
    yield part;
  }
}

async function* readRest(reader: Reader): AsyncGenerator<Uint8Array, void> {
  for (let part; (part = await reader.some(Infinity)) !== undefined;) yield part;
}

async function* readChunked(reader: Reader): AsyncGenerator<Uint8Array, void> {
  for (;;) {
    const size = CHUNK_SIZE.exec((await reader.until("\r\n", CHUNK_LINE_BYTES)) ?? "")?.[1];
    if (size === undefined) throw new Error("expected the size of a chunk, got something else");
    const length = parseInt(size, 16);
    if (length === 0) break;
    yield* readExactly(reader, length);
    if ((await reader.until("\r\n", 0)) === undefined) {
      throw new Error("expected a chunk to end where its size says, got more of it");
    }
  }
  // The trailer fields: nothing in them is of use.
  for (let left = HEAD_BYTES; ;) {
    const line = await reader.until("\r\n", left);
    if (line === "") return;
    if (line === undefined) throw new Error(`expected at most ${HEAD_BYTES} bytes after a body`);
    left -= line.length;
  }
}
