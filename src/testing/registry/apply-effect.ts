// SPDX-License-Identifier: MIT
import type { IncomingMessage, ServerResponse } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import type { FaultEffect } from "./fault.ts";
import { rewriteBody, rewriteHeaders } from "./rewrite-response.ts";

/** In milliseconds. A slow body is sent in parts this often. */
const STEP = 20;

/** A request on its way to the registry. */
export interface Passing {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  /** `http://127.0.0.1:41234` */
  readonly url: string;
  /** Called with a request that will never be answered. */
  readonly hold: (request: IncomingMessage) => void;
}

/**
 * Lets one thing go wrong with a request and its answer. Returns whether the request still goes on to the
 * registry.
 */
export function applyEffect(effect: FaultEffect, passing: Passing): boolean {
  const { request, response } = passing;
  switch (effect.kind) {
    case "answer":
      refuse(passing, effect.status, effect.body ?? "", effect.headers);
      return false;
    case "silent":
      passing.hold(request);
      return false;
    case "reset":
      request.socket.destroy();
      return false;
    case "largest-body": {
      if (Number(request.headers["content-length"] ?? 0) <= effect.bytes) return true;
      refuse(passing, effect.status, '{"errors":[{"code":"SIZE_INVALID"}]}');
      return false;
    }
    case "drop-upload":
      dropUpload(request, effect.after);
      return true;
    case "ignore-range":
      delete request.headers.range;
      return true;
    case "shift-range":
      shiftRange(passing, effect.by, effect.claims);
      return true;
    case "ignore-parameters":
      request.url = withoutParameters(request.url ?? "", effect.names);
      return true;
    default:
      changeAnswer(effect, response, passing.url);
      return true;
  }
}

type AnswerEffect = Extract<
  FaultEffect,
  {
    kind: "drop" | "wrong-byte" | "slow" | "wrong-digest" | "shift-progress" | "absolute-addresses";
  }
>;

function changeAnswer(effect: AnswerEffect, response: ServerResponse, url: string): void {
  let seen = 0;
  switch (effect.kind) {
    case "drop":
      rewriteBody(response, async (chunk, write) => {
        write(chunk.subarray(0, Math.max(0, effect.after - seen)));
        seen += chunk.length;
        if (seen < effect.after) return;
        // What was written has to get out first.
        await sleep(STEP);
        response.destroy();
      });
      return;
    case "wrong-byte":
      rewriteBody(response, (chunk, write) => {
        const at = effect.at - seen;
        seen += chunk.length;
        if (at >= 0 && at < chunk.length) chunk[at]! ^= 1;
        write(chunk);
      });
      return;
    case "slow":
      rewriteBody(response, async (chunk, write) => {
        const part = Math.max(1, Math.round((effect.bytesPerSecond * STEP) / 1000));
        for (let at = 0; at < chunk.length && !response.destroyed; at += part) {
          await sleep(STEP);
          write(chunk.subarray(at, at + part));
        }
      });
      return;
    case "wrong-digest":
      rewriteHeaders(response, (headers) => {
        const name = "docker-content-digest";
        if (name in headers) headers[name] = `sha256:${"0".repeat(64)}`;
      });
      return;
    case "shift-progress":
      rewriteHeaders(response, (headers) => {
        const [, last] = /^0-(\d+)$/.exec(headers["range"] ?? "") ?? [];
        if (last !== undefined) headers["range"] = `0-${Math.max(0, Number(last) + effect.by)}`;
      });
      return;
    case "absolute-addresses":
      rewriteHeaders(response, (headers) => {
        const { location, link } = headers;
        if (location?.startsWith("/") === true) headers["location"] = url + location;
        if (link !== undefined) headers["link"] = link.replace(/^<\//, `<${url}/`);
      });
  }
}

function refuse(
  { request, response }: Passing,
  status: number,
  body: string,
  headers: Readonly<Record<string, string>> = {},
): void {
  const bytes = Buffer.from(body);
  request.resume();
  response.writeHead(status, { "content-length": bytes.length, ...headers });
  response.end(request.method === "HEAD" ? undefined : bytes);
}

/** Everything that Node reads of a body goes through `push`. */
function dropUpload(request: IncomingMessage, after: number): void {
  const push = request.push.bind(request);
  let seen = 0;
  request.push = (chunk: Uint8Array | null) => {
    if (chunk === null) return push(chunk);
    const kept = chunk.subarray(0, Math.max(0, after - seen));
    seen += chunk.length;
    const wantsMore = kept.length === 0 || push(kept);
    if (seen < after) return wantsMore;
    // The registry gets what is kept before it learns that the connection has gone.
    setTimeout(() => request.socket.destroy(), STEP);
    return false;
  };
}

function shiftRange({ request, response }: Passing, by: number, claims: "asked" | "sent"): void {
  const [, from, to = ""] = /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? "") ?? [];
  if (from === undefined) return;
  request.headers.range = `bytes=${Number(from) + by}-${to}`;
  if (claims === "sent") return;
  rewriteHeaders(response, (headers) => {
    const range = headers["content-range"]?.replace(/^bytes \d+/, `bytes ${from}`);
    if (range !== undefined) headers["content-range"] = range;
  });
}

function withoutParameters(url: string, names: readonly string[]): string {
  const mark = url.indexOf("?");
  if (mark === -1) return url;
  const query = new URLSearchParams(url.slice(mark + 1));
  for (const name of names) query.delete(name);
  return query.size === 0 ? url.slice(0, mark) : `${url.slice(0, mark)}?${query.toString()}`;
}
