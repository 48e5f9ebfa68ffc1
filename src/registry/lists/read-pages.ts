// SPDX-License-Identifier: MIT
import type { AbortOptions } from "../../bytes/bytes.ts";
import { OciError } from "../../oci/errors.ts";
import { limitExceeded } from "../../oci/limits.ts";
import { MediaType } from "../../oci/media-types.ts";
import type { Access } from "../auth/authorizer.ts";
import { isLoopback, redactUrl } from "../hosts.ts";
import type { Transport, WholeAnswer } from "../transport/transport.ts";
import { parseNextLink } from "../wire/link.ts";
import { parseUrl } from "../wire/url.ts";

/** Whose list it is, and what is needed to read it. */
export interface ListAccess {
  readonly transport: Transport;
  readonly access: Access;
}

/** Reads the pages of one list, and bounds them all together. */
export interface PageReader {
  /**
   * Reads a page.
   * @throws OciError `limit-exceeded` for more than 1000 pages, a page read twice, or more bytes in all than
   * `listBytes`; RegistryError as of any request
   */
  read(target: string | URL): Promise<WholeAnswer>;
  /** The page after this one; undefined when it names none. @throws OciError `redirect-refused` for another host */
  next(answer: WholeAnswer): URL | undefined;
}

const MOST_PAGES = 1_000;

/** Makes the reader of one list. The pages are asked for at the registry itself, whatever a page names. */
export function openPages({ transport, access }: ListAccess, options: AbortOptions): PageReader {
  const { limits, origin } = transport;
  const seen = new Set<string>();
  let bytes = 0;
  return {
    read: async (target) => {
      const url = new URL(target, origin);
      if (seen.has(url.href) || seen.size >= MOST_PAGES) {
        const unit = "pages of a list, none of them twice";
        throw limitExceeded({ what: redactUrl(url), allowed: MOST_PAGES, unit });
      }
      seen.add(url.href);
      const answer = await transport.read(
        {
          ...access,
          method: "GET",
          target: url,
          headers: { accept: `${MediaType.index}, application/json` },
          expect: [200],
          signal: options.signal,
        },
        limits.documentBytes,
      );
      bytes += answer.bytes.length;
      if (bytes > limits.listBytes) {
        const unit = "bytes in all pages of a list";
        const allowed = limits.listBytes;
        throw limitExceeded({ what: redactUrl(url), limit: "listBytes", allowed, unit });
      }
      return answer;
    },
    next: (answer) => nextPage(answer, origin),
  };
}

function nextPage(answer: WholeAnswer, origin: URL): URL | undefined {
  const link = parseNextLink(answer.header("link"));
  if (link === undefined) return undefined;
  const next = parseUrl(link, answer.url);
  if (next !== undefined && isSameHost(next, origin)) {
    return Object.assign(new URL(origin), { pathname: next.pathname, search: next.search });
  }
  throw new OciError(
    "redirect-refused",
    `${redactUrl(answer.url)}: expected the next page at ${origin.host}, got ${next === undefined ? "no URL" : redactUrl(next)}`,
  );
}

const DEFAULT_PORTS = ["", "80", "443"];

/**
 * Whether a page is at the registry's host. A registry behind a proxy often does not know how it is reached:
 * the scheme may be another, and the port absent or a default one; on loopback the name may be another, too.
 */
function isSameHost(url: URL, origin: URL): boolean {
  const isHttp = url.protocol === "http:" || url.protocol === "https:";
  const isPort = url.port === origin.port || DEFAULT_PORTS.includes(url.port);
  const isName =
    url.hostname === origin.hostname || (isLoopback(url.hostname) && isLoopback(origin.hostname));
  return isHttp && isPort && isName && url.username === "" && url.password === "";
}
