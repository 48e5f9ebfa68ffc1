// SPDX-License-Identifier: MIT
import { formatWait } from "./retry-after.ts";

const POLICY = /^\s*(\d{1,12})(?:\s*;\s*w=(\d{1,9}))?/;
const SPELLINGS = ["ratelimit-", "x-ratelimit-", "x-rate-limit-"];

/**
 * What a registry says of its limit on requests, as `0 of 100 in 6 h are left`: Docker Hub, GitHub, GitLab and
 * Quay send it in headers of three spellings. Undefined when it says nothing that is understood.
 */
export function describeRateLimit(
  header: (name: string) => string | undefined,
): string | undefined {
  const find = (name: string): RegExpExecArray | undefined =>
    SPELLINGS.map((start) => POLICY.exec(header(start + name) ?? "")).find((found) => found) ??
    undefined;
  const [, limit, window] = find("limit") ?? [];
  const [, left] = find("remaining") ?? [];
  if (limit === undefined && left === undefined) return undefined;
  const span = window === undefined ? "" : ` in ${formatWait(Number(window) * 1_000)}`;
  if (left === undefined) return `${limit ?? ""} requests${span} are allowed`;
  return limit === undefined
    ? `${left} requests are left`
    : `${left} of ${limit} requests${span} are left`;
}
