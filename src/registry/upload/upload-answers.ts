// SPDX-License-Identifier: MIT
import { quote } from "../../oci/quote.ts";
import type { RepositoryContext } from "../repository-context.ts";
import type { Answer } from "../exchange.ts";
import { redactUrl } from "../hosts.ts";
import { RegistryError } from "../registry-error.ts";
import { parseUploadRange } from "../wire/range.ts";
import { resolveUploadLocation } from "../wire/upload-location.ts";
import { parseUrl } from "../wire/url.ts";

// Reads a registry's answers about an upload: where it continues, and how many bytes have arrived.

/** How many bytes the registry has, from the `Range` of its answer. `0-0` means none, as all registries use it. */
export function receivedOf(answer: Answer): number {
  const range = parseUploadRange(answer.header("range"));
  return range === undefined || range.end === 0 ? 0 : range.end + 1;
}

/**
 * Checks how much the registry has really kept: some answer "accepted" and keep less than they were sent.
 * @throws RegistryError `registry-refused`
 */
export function checkReceived(answer: Answer, expected: number): void {
  // One byte has the same `Range` as no bytes.
  if (receivedOf(answer) === expected || expected === 1) return;
  const { method, status } = answer;
  const url = redactUrl(answer.url);
  throw new RegistryError(
    "registry-refused",
    `${method} ${url}: expected the registry to have ${expected} bytes, got the Range ${quote(answer.header("range"))}`,
    { method, url, status },
  );
}

/** The least bytes of a chunk (distribution-spec, "Pushing a blob in chunks"); undefined where nothing is said. */
export function chunkLeastOf(answer: Answer): number | undefined {
  const header = answer.header("oci-chunk-min-length");
  return header !== undefined && /^\d{1,15}$/.test(header) ? Number(header) : undefined;
}

/** Where an upload continues. @throws RegistryError `redirect-refused` when that is another host */
export function uploadLocation(context: RepositoryContext, answer: Answer): URL {
  return checkLocation(context, answer.header("location"), answer.url, answer);
}

/**
 * The location that an answer or a saved state names, relative to `base`.
 * @throws RegistryError `redirect-refused` for another host
 */
export function checkLocation(
  { transport }: RepositoryContext,
  location: string | undefined,
  base: URL,
  { method, status }: { readonly method: Answer["method"]; readonly status?: number },
): URL {
  const url = resolveUploadLocation(location, base, transport.origin);
  if (url !== undefined) return url;
  const elsewhere = parseUrl(location, base);
  const got = elsewhere === undefined ? "none that is a URL" : redactUrl(elsewhere);
  throw new RegistryError(
    "redirect-refused",
    `${method} ${redactUrl(base)}: expected the Location of an upload at ${transport.origin.host}, got ${got}`,
    {
      method,
      url: redactUrl(base),
      ...(status !== undefined && { status }),
      hint: "Content is only sent to the host that was named.",
    },
  );
}
