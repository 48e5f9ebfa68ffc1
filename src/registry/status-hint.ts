// SPDX-License-Identifier: MIT
import { isWebPage, webPageHint } from "./web-page.ts";
import { describeRateLimit } from "./wire/rate-limit.ts";

/** What is looked at of an answer. */
interface Judged {
  readonly method: string;
  readonly url: URL;
  readonly status: number;
  readonly header: (name: string) => string | undefined;
}

/** What servers say of a plain request on their port for TLS: Go's, nginx and Apache. */
const WANTS_TLS = /to an HTTPS server|sent to HTTPS port|to an SSL-enabled server port/;

/**
 * What to try after an answer that is no success; undefined where nothing is known that its words don't say.
 * @param body as far as it was read
 */
export function statusHint(answer: Judged, body: Uint8Array): string | undefined {
  const { method, status, url } = answer;
  const writes = method === "POST" || method === "PUT" || method === "PATCH";
  if (status === 429) {
    const left = describeRateLimit(answer.header);
    return `The registry limits how much it is asked${left === undefined ? "" : ` (${left})`}; wait, or log in.`;
  }
  if (status === 404) return isWebPage(body) ? webPageHint(url.host) : absentHint(answer);
  if (status === 400 && WANTS_TLS.test(new TextDecoder().decode(body))) {
    return "The server speaks https, and was asked in plain http. Leave out --plain-http.";
  }
  if (status === 405 && writes) {
    return `${url.host} takes nothing here: it may be read-only, or a cache of another registry, where to push instead.`;
  }
  if (status === 413) {
    return (
      `${url.host}, or a proxy before it, takes no request as large as this. Raise its limit (nginx: ` +
      "client_max_body_size), or have blobs sent in smaller parts: chunks in docs/registries.md."
    );
  }
  if (status === 507) return `The disk of ${url.host}, or what may be stored there, is full.`;
  if (status === 511) return "This network wants you to sign in first: open a page in a browser.";
  if (status >= 500 && status <= 504 && status !== 501) {
    return `${url.host}, or a proxy before it, is in trouble; try again later.`;
  }
  return undefined;
}

function absentHint({ method, url: { host, pathname } }: Judged): string | undefined {
  if (/^\/v2\/.+\/tags\/list$/.test(pathname)) {
    return `oci-kit catalog ${host} says which repositories there are`;
  }
  const repository = /^\/v2\/(.+)\/manifests\//.exec(pathname)?.[1];
  if (repository === undefined) return undefined;
  return method === "PUT"
    ? "The registry does not know the repository, or has lost what the manifest names; push it again."
    : `oci-kit tags ${host}/${repository} says what there is`;
}
