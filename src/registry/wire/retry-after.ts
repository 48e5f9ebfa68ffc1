// SPDX-License-Identifier: MIT
import { parseHttpDate } from "./http-date.ts";

// Real registries have sent Go durations (time.Duration as text): `880.092µs`, `1m30s`.
const GO_DURATION = /^(?:\d{1,15}(?:\.\d{1,15})?(?:ns|us|µs|μs|ms|s|m|h)){1,8}$/;
const GO_PART = /(\d+(?:\.\d+)?)(ns|us|µs|μs|ms|s|m|h)/g;
const MILLISECONDS: Readonly<Record<string, number>> = {
  ns: 1e-6,
  us: 1e-3,
  µs: 1e-3, // U+00B5
  μs: 1e-3, // U+03BC
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
};

/** As seconds from now this would be thirty years; real registries have sent the time itself. */
const FIRST_UNIX_TIME = 1_000_000_000;
const FIRST_UNIX_MILLISECONDS = FIRST_UNIX_TIME * 1_000;

/**
 * The number of milliseconds that a `Retry-After` header asks to wait: seconds or an HTTP date in any of its
 * three forms (RFC 9110, 10.2.3), a Unix time in seconds or milliseconds, or a Go duration. Never negative:
 * what is over asks for nothing. Undefined when the header is absent, negative or malformed.
 */
export function parseRetryAfter(header: string | undefined, now: number): number | undefined {
  // Node reads headers as Latin-1: the two bytes of µ arrive as "Âµ".
  const text = (header ?? "").trim().replace("Âµ", "µ").replace("Î¼", "μ");
  if (/^\d{1,15}(?:\.\d{1,15})?$/.test(text)) return afterNumber(Number(text), now);
  if (GO_DURATION.test(text)) {
    let sum = 0;
    for (const [, amount, unit] of text.matchAll(GO_PART)) {
      sum += Number(amount) * (MILLISECONDS[unit ?? ""] ?? 0);
    }
    return sum;
  }
  const date = parseHttpDate(text, now);
  return date === undefined ? undefined : Math.max(0, date - now);
}

function afterNumber(number: number, now: number): number {
  if (number >= FIRST_UNIX_MILLISECONDS) return Math.max(0, number - now);
  if (number >= FIRST_UNIX_TIME) return Math.max(0, number * 1_000 - now);
  return number * 1_000;
}

/** A wait as people read it: `250 ms`, `12 s`, `6 h 5 min`. */
export function formatWait(milliseconds: number): string {
  if (milliseconds < 1_000) return `${Math.round(milliseconds)} ms`;
  const seconds = Math.ceil(milliseconds / 1_000);
  if (seconds < 120) return `${seconds} s`;
  const minutes = Math.ceil(seconds / 60);
  if (minutes < 60) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  if (hours >= 48) return `${Math.ceil(hours / 24)} days`;
  return minutes % 60 === 0 ? `${hours} h` : `${hours} h ${minutes % 60} min`;
}
