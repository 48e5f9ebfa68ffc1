// SPDX-License-Identifier: MIT
import type { IncomingMessage } from "node:http";
import { quote } from "../../oci/quote.ts";
import { isLoopback } from "../../registry/hosts.ts";
import { parseUrl } from "../../registry/wire/url.ts";
import { ProtocolError } from "../protocol-error.ts";

/** Where a registry listens, and the names under which it answers. */
export interface GuardOptions {
  /** The address that it listens on. */
  readonly address: string;
  /** The name or address that it was asked to listen on. */
  readonly host: string;
  /** Further names by which clients may reach it. */
  readonly allowedHosts: readonly string[];
}

/** The target of a request, split into its parts. */
export interface RequestTarget {
  /** The host, with the port, by which the client called the registry. */
  readonly authority: string | undefined;
  readonly path: string;
  readonly query: URLSearchParams;
}

/** Refuses unwanted requests before anything is done, and splits the target of all others. @throws ProtocolError */
export type RequestGuard = (request: IncomingMessage) => RequestTarget;

const CLOSE = { connection: "close" };

/**
 * Makes the guard that keeps web pages away from a registry. A browser lets any page send requests to every
 * address that it can reach, this machine included. The guard refuses
 * - a body in a transfer coding that the server does not decode (501; RFC 9112, 6.1);
 * - a Host that is not one of the registry's names (421), when the registry listens on a loopback address or
 *   was given names: a page can make its own name resolve to this address (DNS rebinding);
 * - a request with the Origin of another site, or one that the browser says another site caused (403).
 */
export function createRequestGuard(options: GuardOptions): RequestGuard {
  const names = new Set([options.host, ...options.allowedHosts].map((name) => hostOf(name).name));
  const here = isLoopback(options.address);
  const isOurs = (name: string): boolean =>
    names.has(name) ||
    (here && (isLoopback(name) || name.endsWith(".localhost") || isPlain(name))) ||
    (!here && options.allowedHosts.length === 0);
  return (request) => {
    checkCoding(request);
    const { authority, path, search } = splitTarget(request);
    if (authority !== undefined && !isOurs(hostOf(authority).name)) {
      throw new ProtocolError(
        421,
        "DENIED",
        `${quote(authority)} is no name of this registry; its operator can allow it (--allow-host)`,
        CLOSE,
      );
    }
    checkOrigin(request, authority);
    return { authority, path, query: new URLSearchParams(search) };
  };
}

/**
 * Whether a name has no dot. Such a name belongs to this machine or its network: nobody else can own it in
 * the DNS.
 */
function isPlain(name: string): boolean {
  return /^[a-z0-9_-]+$/.test(name);
}

function checkCoding({ headers }: IncomingMessage): void {
  const coding = headers["transfer-encoding"];
  if (coding === undefined || coding.trim().toLowerCase() === "chunked") return;
  const message = `expected the transfer coding chunked or none, got ${quote(coding)}`;
  throw new ProtocolError(501, "UNSUPPORTED", message, CLOSE);
}

function checkOrigin({ headers }: IncomingMessage, authority: string | undefined): void {
  const { origin } = headers;
  const site = headers["sec-fetch-site"];
  const foreign =
    (origin !== undefined && !isSame(origin, authority)) ||
    (site !== undefined && site !== "same-origin" && site !== "none");
  if (!foreign) return;
  const from = origin === undefined ? "another site" : quote(origin);
  const message = `a web page of ${from} may not use this registry`;
  throw new ProtocolError(403, "DENIED", message, CLOSE);
}

/**
 * Whether an Origin is this registry. The scheme does not count: a proxy that ends TLS in front of us keeps
 * the host.
 */
function isSame(origin: string, authority: string | undefined): boolean {
  if (authority === undefined || !/^https?:\/\//i.test(origin)) return false;
  return parseUrl(origin)?.host === hostOf(authority).host;
}

interface HostName {
  /** Lower-case, without the port, an IPv6 address in brackets. Empty when the text is not a host. */
  readonly name: string;
  /** With the port, unless that is the default port of http. */
  readonly host: string;
}

function hostOf(text: string): HostName {
  const url = `http://${text.includes(":") && !/[\].]|:\d*$/.test(text) ? `[${text}]` : text}/`;
  const parsed = /[/?#@\s\\]/.test(text) ? undefined : parseUrl(url);
  if (parsed === undefined) return { name: "", host: "" };
  const { hostname, host } = parsed;
  return { name: hostname.replace(/\.$/, ""), host };
}

/**
 * Splits a target. It is a path or, as proxies receive it, a whole URL, whose host then replaces the Host
 * header (RFC 9112, 3.2.2).
 */
function splitTarget({ url = "", headers }: IncomingMessage): {
  readonly authority: string | undefined;
  readonly path: string;
  readonly search: string;
} {
  const [, absolute, rest = url] = /^https?:\/\/([^/?#]*)(.*)$/i.exec(url) ?? [];
  const mark = rest.indexOf("?");
  return {
    authority: absolute ?? headers.host,
    path: mark === -1 ? rest : rest.slice(0, mark),
    search: mark === -1 ? "" : rest.slice(mark + 1),
  };
}
