// SPDX-License-Identifier: MIT
import { describe, expect, it } from "vitest";
import { digestBytes } from "../../src/bytes/hash.ts";
import { isOciError } from "../../src/oci/errors.ts";
import { checkTarget, redactUrl } from "../../src/registry/hosts.ts";
import { formatChallenge, parseChallenges } from "../../src/registry/wire/challenge.ts";
import { formatWireErrors, parseErrorBody } from "../../src/registry/wire/error-body.ts";
import { formatNextLink, parseNextLink } from "../../src/registry/wire/link.ts";
import { tryParseJson } from "../../src/registry/wire/loose-json.ts";
import { formatRoute, parseRoute } from "../../src/registry/wire/paths.ts";
import {
  formatContentRange,
  parseContentRange,
  parseRange,
  parseUploadRange,
} from "../../src/registry/wire/range.ts";
import { parseRetryAfter } from "../../src/registry/wire/retry-after.ts";
import { parseTokenAnswer } from "../../src/registry/wire/token.ts";
import { resolveUploadLocation, withDigest } from "../../src/registry/wire/upload-location.ts";
import { parseUrl } from "../../src/registry/wire/url.ts";
import { fuzz } from "./fuzz.ts";
import { mutateJson, mutateText } from "./mutate-text.ts";
import type { Random } from "./random.ts";

const digest = digestBytes(new Uint8Array(1));
const origin = new URL("https://registry.example/");

const HEADERS = [
  'Bearer realm="https://auth.example/token",service="r",scope="repository:a/b:pull"',
  'Basic realm="x\\"y", Digest qop="auth", nonce=abc==',
  '</v2/a/tags/list?last=b&n=2>; rel="next"',
  '</x>; rel="prev", </y>; title="a,b"; rel=next',
  ...["bytes 0-99/1234", "bytes=0-99", "bytes=-5", "0-0", "bytes */5"],
  ...["120", "Wed, 21 Oct 2026 07:28:00 GMT", "1m30s", "0.5"],
  "https://registry.example/v2/a/blobs/uploads/x?_state=y",
  ...["/v2/a/blobs/uploads/x", "../x?a=b#c", "http://169.254.169.254/", "//evil.example/x"],
  ...[`/v2/a/b/manifests/${digest}`, "/v2/_catalog", "/v2/a/tags/list", "/v2/a/b/blobs/uploads/"],
];

/** Nothing here may throw, whatever the header: a registry's answers are only looked into. */
function readHeader(random: Random): void {
  const header = mutateText(random.of(HEADERS), random, HEADERS);
  for (const { scheme, parameters } of parseChallenges(header)) {
    const [again] = parseChallenges(formatChallenge(scheme, Object.fromEntries(parameters)));
    expect(again?.scheme).toBe(scheme);
    if (!parameters.has("__proto__")) expect(again?.parameters).toEqual(parameters);
  }
  const next = parseNextLink(header);
  if (next !== undefined) expect(parseNextLink(formatNextLink(next))).toBe(next);
  const range = parseRange(header, 1_000);
  if (typeof range === "object") {
    expect(range.end).toBeLessThan(1_000);
    expect(range.start).toBeLessThanOrEqual(range.end);
  }
  const part = parseContentRange(header);
  if (part?.size !== undefined) {
    expect(parseContentRange(formatContentRange(part, part.size))).toEqual(part);
  }
  parseUploadRange(header);
  const wait = parseRetryAfter(header, 0);
  if (wait !== undefined) expect(wait).toBeGreaterThanOrEqual(0);
  readUrl(header);
}

function readUrl(header: string): void {
  const location = resolveUploadLocation(header, new URL("/v2/a/", origin), origin);
  if (location !== undefined) {
    expect(location.origin).toBe(origin.origin);
    expect(withDigest(location, digest).searchParams.get("digest")).toBe(digest);
  }
  const url = parseUrl(header, origin);
  if (url === undefined) return;
  expect(redactUrl(url)).not.toContain("secret");
  orRefused(() => checkTarget(url, origin, "test"));
}

function readPath(random: Random): void {
  const path = mutateText(random.of(HEADERS.slice(-4)), random, HEADERS);
  const route = orRefused(() => parseRoute(path));
  if (route !== undefined) expect(parseRoute(formatRoute(route))).toEqual(route);
}

function orRefused<T>(work: () => T): T | undefined {
  try {
    return work();
  } catch (error) {
    if (isOciError(error)) return undefined;
    throw error;
  }
}

const BODIES = [
  { errors: [{ code: "DENIED", message: "no", detail: { a: 1 } }] },
  { token: "abc", access_token: "def", expires_in: 300, issued_at: "2026-01-02T03:04:05Z" },
];

function readBody(random: Random): void {
  const bytes = new TextEncoder().encode(mutateJson(random.of(BODIES), random));
  const words = formatWireErrors(parseErrorBody(bytes));
  expect(words.length).toBeLessThan(40_000);
  expect(words).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u202e]/);
  const answer = parseTokenAnswer(tryParseJson(bytes));
  if (answer === undefined) return;
  expect(answer.token).toMatch(/^[\x21-\x7e]+$/);
  expect(answer.expiresIn).toBeGreaterThanOrEqual(60);
}

describe("whatever a registry or its client sends", () => {
  it("mutated headers are read or passed over", () =>
    fuzz("mutated headers are read or passed over", 0.04, readHeader));
  it("mutated paths are routes or refused", () =>
    fuzz("mutated paths are routes or refused", 0.02, readPath));
  it("mutated errors and tokens are read or passed over", () =>
    fuzz("mutated errors and tokens are read or passed over", 0.02, readBody));
});
