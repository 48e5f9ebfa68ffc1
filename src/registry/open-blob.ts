// SPDX-License-Identifier: MIT
import type { AbortOptions, Bytes } from "../bytes/bytes.ts";
import { skip, take } from "../bytes/streams/cut-bytes.ts";
import type { Descriptor } from "../oci/documents/descriptor.ts";
import { quote } from "../oci/quote.ts";
import type { Part } from "../store/read-content.ts";
import { contentPath, pulling } from "./repository-context.ts";
import type { RepositoryContext } from "./repository-context.ts";
import type { Answer } from "./exchange.ts";
import { redactUrl } from "./hosts.ts";
import { createPatience } from "./transport/persist.ts";
import { RegistryError } from "./registry-error.ts";
import { parseContentRange } from "./wire/range.ts";

/**
 * The bytes of a blob, or of a part of it, not verified. When the connection breaks, the download resumes
 * where it stopped (with `Range`, and `If-Range` where the registry names a version). The descriptor's `urls` are
 * never used.
 */
export async function* openBlob(
  context: RepositoryContext,
  descriptor: Descriptor,
  part: Part | undefined,
  { signal }: AbortOptions,
): Bytes {
  const patience = createPatience(context.transport.retry);
  const end = part === undefined ? descriptor.size : part.offset + part.length;
  let version: string | undefined;
  for (let at = part?.offset ?? 0; ;) {
    try {
      const wanted = { start: at, version, ...(part !== undefined && { end }) };
      const { bytes, etag } = await ask(context, descriptor, wanted, signal);
      version ??= etag;
      for await (const chunk of bytes) {
        at += chunk.length;
        yield chunk;
      }
      return;
    } catch (error) {
      // Past the end there is nothing left to resume.
      if (at >= end) throw error;
      await patience.afterFailure(error, at, signal);
    }
  }
}

/** The bytes from `start` up to but not including `end`, or to the end of the blob. */
interface Wanted {
  readonly start: number;
  readonly end?: number;
  /** The strong `ETag` of the bytes that are already there. */
  readonly version: string | undefined;
}

/** Bytes that a registry sends, and what it calls their version. */
interface Sent {
  readonly bytes: Bytes;
  readonly etag: string | undefined;
}

/** RFC 9110, 8.8.3: only a strong one says that bytes are the same. */
const STRONG_ETAG = /^"[\x21\x23-\x7e]{1,256}"$/;

async function ask(
  context: RepositoryContext,
  descriptor: Descriptor,
  { start, end, version }: Wanted,
  signal: AbortSignal | undefined,
): Promise<Sent> {
  const isWhole = start === 0 && end === undefined;
  const last = end === undefined ? "" : String(end - 1);
  const answer = await context.transport.send({
    ...pulling(context),
    method: "GET",
    target: contentPath(context, descriptor),
    headers: isWhole
      ? {}
      : { range: `bytes=${start}-${last}`, ...(version !== undefined && { "if-range": version }) },
    expected: (end ?? descriptor.size) - start,
    expect: isWhole ? [200] : [200, 206, 416],
    signal,
  });
  if (answer.status === 206 && answer.header("content-encoding") !== undefined) {
    // A part of what is encoded can't be decoded.
    await answer.discard();
    const whole = await ask(context, descriptor, { start: 0, version: undefined }, signal);
    const rest = skip(whole.bytes, start);
    return { bytes: end === undefined ? rest : take(rest, end - start), etag: whole.etag };
  }
  const named = answer.header("etag");
  const etag = named !== undefined && STRONG_ETAG.test(named) ? named : undefined;
  if (answer.status === 200) {
    // A server may send the whole blob although only a part was requested.
    const rest = skip(answer.body, start);
    return { bytes: end === undefined ? rest : take(rest, end - start), etag };
  }
  const range = parseContentRange(answer.header("content-range"));
  const size = range?.size ?? descriptor.size;
  if (answer.status === 206 && range?.start === start && size === descriptor.size) {
    return { bytes: answer.body, etag };
  }
  await answer.discard();
  throw wrongRange(answer, start, descriptor);
}

/**
 * The registry's blob differs from the descriptor: it answered 416 for a range inside the blob, or 206 with
 * another size.
 */
function wrongRange(answer: Answer, start: number, { size }: Descriptor): RegistryError {
  const { method, status } = answer;
  const url = redactUrl(answer.url);
  const range = answer.header("content-range");
  const isOther = status === 416 || (parseContentRange(range)?.size ?? size) !== size;
  return new RegistryError(
    isOther ? "size-mismatch" : "registry-refused",
    `${method} ${url}: expected the bytes from ${start} on of ${size}, got status ${status} with Content-Range ${quote(range)}`,
    { method, url, status },
  );
}
