// SPDX-License-Identifier: MIT
import type { Bytes } from "../bytes/bytes.ts";
import type { Descriptor } from "../oci/documents/descriptor.ts";
import { quote } from "../oci/quote.ts";
import { fetchVerified } from "../store/fetch-verified.ts";
import type { FetchOptions } from "../store/store.ts";
import { contentPath, pulling } from "./context.ts";
import type { RepositoryContext } from "./context.ts";
import type { Answer } from "./exchange.ts";
import { redactUrl } from "./hosts.ts";
import { delayAfter, isTransient, pause } from "./transport/persist.ts";
import { RegistryError } from "./registry-error.ts";
import { parseContentRange } from "./wire/range.ts";

/**
 * The bytes of a blob, verified. A connection that breaks is taken up again where it broke (Range). The
 * descriptor's `urls` are never asked.
 */
export function fetchBlob(
  context: RepositoryContext,
  descriptor: Descriptor,
  options: FetchOptions = {},
): Bytes {
  const what = `${context.name}@${descriptor.digest}`;
  return fetchVerified(descriptor, options.offset, what, (start) =>
    readOn(context, descriptor, start, options.signal),
  );
}

/** So much must have arrived since the last break for it not to count as one more failure. */
const PROGRESS = 1024 * 1024;

async function* readOn(
  context: RepositoryContext,
  descriptor: Descriptor,
  start: number,
  signal: AbortSignal | undefined,
): AsyncGenerator<Uint8Array> {
  const { retry } = context.transport;
  let at = start;
  if (at > 0 && at >= descriptor.size) return;
  for (let failures = 0, counted = at; ;) {
    try {
      for await (const chunk of await openAt(context, descriptor, at, signal)) {
        at += chunk.length;
        yield chunk;
      }
      return;
    } catch (error) {
      if (at - counted >= PROGRESS) failures = 0;
      failures += 1;
      counted = at;
      const wait = delayAfter(retry, failures, error);
      // An opening that failed was repeated already; past the end there is nothing to take up.
      const hopeless = !isTransient(error) || at >= descriptor.size || failures >= retry.attempts;
      if (hopeless || wait === undefined) throw error;
      await pause(wait, signal);
    }
  }
}

async function openAt(
  context: RepositoryContext,
  descriptor: Descriptor,
  offset: number,
  signal: AbortSignal | undefined,
): Promise<Bytes> {
  const answer = await context.transport.send({
    ...pulling(context),
    method: "GET",
    target: contentPath(context, descriptor),
    headers: offset === 0 ? {} : { range: `bytes=${offset}-` },
    expect: offset === 0 ? [200] : [200, 206],
    signal,
  });
  if (answer.status === 200) return skip(answer.body, offset);
  const range = parseContentRange(answer.header("content-range"));
  if (range?.start === offset) return answer.body;
  await answer.discard();
  throw wrongRange(answer, offset);
}

function wrongRange(answer: Answer, offset: number): RegistryError {
  const { method, status } = answer;
  const url = redactUrl(answer.url);
  const got = quote(answer.header("content-range"));
  return new RegistryError(
    "registry-refused",
    `${method} ${url}: expected the bytes from ${offset} on, got Content-Range ${got}`,
    { method, url, status },
  );
}

/** A server may send everything where a part was asked for. */
async function* skip(bytes: Bytes, count: number): AsyncGenerator<Uint8Array> {
  let left = count;
  for await (const chunk of bytes) {
    if (left < chunk.length) yield left === 0 ? chunk : chunk.subarray(left);
    left = Math.max(0, left - chunk.length);
  }
}
