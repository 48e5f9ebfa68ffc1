// SPDX-License-Identifier: MIT
import type { IncomingMessage } from "node:http";
import { quote } from "../oci/quote.ts";
import { isLoopback } from "../registry/hosts.ts";
import { ProtocolError } from "./protocol-error.ts";

/** Whom a registry answers. */
export interface GuardOptions {
  /** The address that it listens on. */
  readonly address: string;
  /** The name or address that it was told to listen on. */
  readonly host: string;
  /** Further names that it goes by. */
  readonly allowedHosts: readonly string[];
}

/** A request's target, split. */
export interface RequestTarget {
  readonly path: string;
  readonly query: URLSearchParams;
}

/** Refuses requests before anything is done, and splits the target of the others. @throws ProtocolError */
export type RequestGuard = (request: IncomingMessage) => RequestTarget;

const CLOSE = { connection: "close" };

/**
 * Makes the guard of a registry, which keeps web pages out: a browser lets any page send requests to any
 * address that it reaches, this machine included. It refuses
 * - a body in a coding that nobody here takes apart (501; RFC 9112, 6.1),
 * - on a loopback address, and where names were given, a Host that is none of ours (421): a page whose own
 *   name was made to resolve to this address (DNS rebinding),
 * - the Origin of another place, and what a browser says another site made it send (403).
 */
export function createRequestGuard(options: GuardOptions): RequestGuard {
  const names = new Set([options.host, ...options.allowedHosts].map((name) => hostOf(name).name));
  const here = isLoopback(options.address);
  const isOurs = (name: string): boolean =>
    names.has(name) ||
    (here && (isLoopback(name) || name.endsWith(".localhost"))) ||
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
    return { path, query: new URLSearchParams(search) };
  };
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

/** Whatever the scheme: what ends TLS in front of us keeps the host. */
function isSame(origin: string, authority: string | undefined): boolean {
  if (authority === undefined || !/^https?:\/\//i.test(origin) || !URL.canParse(origin))
    return false;
  return new URL(origin).host === hostOf(authority).host;
}

interface HostName {
  /** Lower-case, without the port, an IPv6 address in brackets; empty when it is none. */
  readonly name: string;
  /** With the port where it is not that of http. */
  readonly host: string;
}

function hostOf(text: string): HostName {
  const url = `http://${text.includes(":") && !/[\].]|:\d*$/.test(text) ? `[${text}]` : text}/`;
  if (/[/?#@\s\\]/.test(text) || !URL.canParse(url)) return { name: "", host: "" };
  const { hostname, host } = new URL(url);
  return { name: hostname.replace(/\.$/, ""), host };
}

/** A target is a path, or as a proxy gets it a whole URL, whose host then counts (RFC 9112, 3.2.2). */
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
