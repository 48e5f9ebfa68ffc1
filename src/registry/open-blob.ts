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
 * where it stopped (with `Range`). The descriptor's `urls` are never used.
 */
export async function* openBlob(
  context: RepositoryContext,
  descriptor: Descriptor,
  part: Part | undefined,
  { signal }: AbortOptions,
): Bytes {
  const patience = createPatience(context.transport.retry);
  const end = part === undefined ? descriptor.size : part.offset + part.length;
  for (let at = part?.offset ?? 0; ;) {
    try {
      const wanted = part === undefined ? { start: at } : { start: at, end };
      for await (const chunk of await ask(context, descriptor, wanted, signal)) {
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
}

async function ask(
  context: RepositoryContext,
  descriptor: Descriptor,
  { start, end }: Wanted,
  signal: AbortSignal | undefined,
): Promise<Bytes> {
  const isWhole = start === 0 && end === undefined;
  const last = end === undefined ? "" : String(end - 1);
  const answer = await context.transport.send({
    ...pulling(context),
    method: "GET",
    target: contentPath(context, descriptor),
    headers: isWhole ? {} : { range: `bytes=${start}-${last}` },
    expect: isWhole ? [200] : [200, 206, 416],
    signal,
  });
  if (answer.status === 206 && answer.header("content-encoding") !== undefined) {
    // A part of what is encoded can't be decoded.
    await answer.discard();
    const rest = skip(await ask(context, descriptor, { start: 0 }, signal), start);
    return end === undefined ? rest : take(rest, end - start);
  }
  if (answer.status === 200) {
    // A server may send the whole blob although only a part was requested.
    const rest = skip(answer.body, start);
    return end === undefined ? rest : take(rest, end - start);
  }
  const range = parseContentRange(answer.header("content-range"));
  const size = range?.size ?? descriptor.size;
  if (answer.status === 206 && range?.start === start && size === descriptor.size) {
    return answer.body;
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
