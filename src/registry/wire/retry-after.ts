// SPDX-License-Identifier: MIT

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

/**
 * The number of milliseconds that a `Retry-After` header asks to wait: seconds or an HTTP date (RFC 9110,
 * 10.2.3), or a Go duration. Never negative. Undefined when the header is absent or malformed.
 */
export function parseRetryAfter(header: string | undefined, now: number): number | undefined {
  // Node reads headers as Latin-1: the two bytes of µ arrive as "Âµ".
  const text = (header ?? "").trim().replace("Âµ", "µ").replace("Î¼", "μ");
  if (/^\d{1,10}(?:\.\d{1,10})?$/.test(text)) return Number(text) * 1_000;
  if (GO_DURATION.test(text)) {
    let sum = 0;
    for (const [, amount, unit] of text.matchAll(GO_PART)) {
      sum += Number(amount) * (MILLISECONDS[unit ?? ""] ?? 0);
    }
    return sum;
  }
  const date = /[A-Za-z]{3}/.test(text) ? Date.parse(text) : NaN;
  return Number.isNaN(date) ? undefined : Math.max(0, date - now);
}
