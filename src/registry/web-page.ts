// SPDX-License-Identifier: MIT
import type { ErrorCode } from "../oci/errors.ts";
import { redactUrl } from "./hosts.ts";
import { RegistryError } from "./registry-error.ts";

/** Whether an answer that should be a document is a web page: the login page of a network, or another server's. */
export function isWebPage(bytes: Uint8Array): boolean {
  return startsWith(bytes, "<");
}

/** Whether a text begins so, after any blanks. */
export function startsWith(bytes: Uint8Array, start: string): boolean {
  return new TextDecoder().decode(bytes.subarray(0, 256)).trimStart().startsWith(start);
}

/** What to try where a web page came from a place that should be a registry's. */
export function webPageHint(host: string): string {
  return `Is ${host} a registry? A web server, a proxy or the login page of a network may have answered.`;
}

/** The error for a web page in place of what was expected. Its words are not told: it may repeat what it was sent. */
export function webPageInstead(
  { method, url, status }: Pick<RegistryError, "method"> & { readonly url: URL; status: number },
  expected: string,
  code: ErrorCode = "registry-refused",
): RegistryError {
  const place = redactUrl(url);
  return new RegistryError(code, `${method} ${place}: expected ${expected}, got a web page`, {
    ...{ method, url: place, status },
    hint: webPageHint(url.host),
  });
}
