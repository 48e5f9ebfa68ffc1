// SPDX-License-Identifier: MIT
import type { Readable } from "node:stream";
import type { Agent } from "undici";
import type { Source } from "../../bytes/bytes.ts";
import type { Limits } from "../../oci/limits.ts";
import {
  HEAD_BYTES,
  tooManyInformational,
  tooSlow,
  unreachable,
  wrapAnswer,
  type Answer,
  type Exchange,
  type Way,
} from "../exchange.ts";
import { watchUptake } from "../least-rate.ts";
import { ProxyingAgent, type ReachOptions } from "./proxying-agent.ts";

/** undici, which can send everything: bodies of any length, and plain requests to a proxy. */
export function openPooledWay(reach: ReachOptions, limits: Limits): Way {
  const agent = new ProxyingAgent(reach, {
    headersTimeout: limits.idleTimeout,
    bodyTimeout: limits.idleTimeout,
    maxHeaderSize: HEAD_BYTES,
    allowH2: false,
  });
  return {
    exchange: (request, patience) => exchange(agent, request, limits, patience),
    close: () => agent.close(),
  };
}

async function exchange(
  agent: Agent,
  request: Exchange,
  limits: Limits,
  headersTimeout: number,
): Promise<Answer> {
  const { method, url, signal } = request;
  const upload = request.body === undefined ? undefined : openUpload(request, request.body, limits);
  try {
    const answer = await agent.request({
      origin: url.origin,
      path: url.pathname + url.search,
      method,
      // A digest is over the bytes as they are stored: nobody between may compress them.
      headers: { "accept-encoding": "identity", ...request.headers, ...upload?.headers },
      body: upload?.body ?? null,
      signal: upload?.signal ?? signal ?? null,
      onInfo: countInformational(request, limits.informationalAnswers),
      headersTimeout,
    });
    return wrapAnswer(request, answer, limits);
  } catch (error) {
    if (upload?.failure !== undefined) throw upload.failure.error;
    throw unreachable(request, error);
  }
}

/**
 * Limits informational answers (1xx). Each one restarts the timeout for the head, so a registry could keep us
 * waiting for ever.
 */
function countInformational(request: Exchange, most: number): () => void {
  let seen = 0;
  return () => {
    seen += 1;
    if (seen > most) throw tooManyInformational(request, most);
  };
}

interface Upload {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Readable;
  readonly signal: AbortSignal;
  /** Set when the cause is the source, or a registry that reads too slowly, rather than the network. */
  failure?: { readonly error: unknown };
}

/**
 * What a socket of undici buffers at most before it asks its writer to wait until all has been sent. A smaller
 * chunk is copied, because the next chunk is asked for at once, which ends the life of the one before.
 */
const BUFFERED_BY_SOCKET = 64 * 1024;

function openUpload(request: Exchange, source: Source, limits: Limits): Upload {
  const stop = new AbortController();
  const fail = (error: unknown): void => void (upload.failure ??= { error });
  const giveUp = (): void => {
    fail(tooSlow(request, "taken"));
    stop.abort();
  };
  async function* read(): AsyncGenerator<Uint8Array> {
    try {
      const bytes = source.open({ signal: request.signal });
      for await (const chunk of watchUptake(bytes, limits, giveUp)) {
        yield chunk.length < BUFFERED_BY_SOCKET ? new Uint8Array(chunk) : chunk;
      }
    } catch (error) {
      fail(error);
      throw error;
    }
  }
  const upload: Upload = {
    headers: { "content-length": String(source.size) },
    // undici takes any async iterable, though its types do not say so. A Readable would read ahead, and so would
    // need a copy of every chunk.
    body: read() as unknown as Readable,
    signal: request.signal ? AbortSignal.any([request.signal, stop.signal]) : stop.signal,
  };
  return upload;
}
