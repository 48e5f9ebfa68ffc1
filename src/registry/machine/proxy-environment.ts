// SPDX-License-Identifier: MIT
import { BlockList, isIP } from "node:net";
import { OciError } from "../../oci/errors.ts";
import { isLoopback } from "../hosts.ts";
import type { FindProxy } from "../registry-options.ts";
import { parseUrl } from "../wire/url.ts";
import type { Environment } from "./environment.ts";

/**
 * The proxies that the environment names, by the rules of Go's programs (golang.org/x/net/http/httpproxy), so
 * that the same variables mean the same as for docker and skopeo: `HTTPS_PROXY` and `HTTP_PROXY` by the
 * target's scheme, `NO_PROXY` for exceptions; in capitals or small letters, the capitals first. Loopback is
 * never reached through a proxy. Variables are read when the function is made, and judged when they are used.
 */
export function proxyFromEnvironment(environment: Environment): FindProxy {
  const value = (name: string): string =>
    environment[name] || environment[name.toLowerCase()] || "";
  const proxies = {
    "https:": { name: "HTTPS_PROXY", text: value("HTTPS_PROXY") },
    // A CGI program gets the header `Proxy` of its client in HTTP_PROXY.
    "http:": { name: "HTTP_PROXY", text: environment["REQUEST_METHOD"] ? "" : value("HTTP_PROXY") },
  };
  const exceptions = value("NO_PROXY");
  let isDirect: ((target: URL) => boolean) | undefined;
  return (target) => {
    const { name, text } = proxies[target.protocol as "https:" | "http:"];
    if (text === "" || isLoopback(target.hostname)) return undefined;
    isDirect ??= parseExceptions(exceptions);
    return isDirect(target) ? undefined : parseProxy(name, text);
  };
}

/** @throws OciError `invalid-argument` */
function parseProxy(name: string, text: string): URL {
  const full = /^[a-z0-9+.-]+:\/\//i.test(text) ? text : `http://${text}`;
  const url = parseUrl(full);
  if (url !== undefined && /^https?:$/.test(url.protocol)) return url;
  // The value may hold a password, so that it is not shown.
  const got = url === undefined ? "something else" : `one that starts with ${url.protocol}//`;
  throw new OciError(
    "invalid-argument",
    `${name}: expected a proxy as http://[USER:PASSWORD@]HOST:PORT, or with https://, got ${got}`,
    { hint: `Change ${name} in the environment, or name the registry in NO_PROXY.` },
  );
}

type Matches = (hostname: string, port: string) => boolean;

function parseExceptions(text: string): (target: URL) => boolean {
  const exceptions: Matches[] = [];
  for (const item of text.toLowerCase().split(",")) {
    const entry = item.trim();
    if (entry === "*") return () => true;
    const matches = entry === "" ? undefined : parseException(entry);
    if (matches !== undefined) exceptions.push(matches);
  }
  return (target) => {
    const hostname = target.hostname.replace(/^\[|\]$/g, "").replace(/\.$/, "");
    const port = target.port || (target.protocol === "https:" ? "443" : "80");
    return exceptions.some((matches) => matches(hostname, port));
  };
}

/** Undefined for what is malformed, which Go's programs ignore too. */
function parseException(entry: string): Matches | undefined {
  const network = parseNetwork(entry);
  if (network !== undefined) return (hostname) => network(hostname);
  const { host, port } = splitPort(entry);
  const isPort = (asked: string): boolean => port === undefined || port === asked;
  if (isIP(host) !== 0) {
    const list = new BlockList();
    list.addAddress(host, familyOf(host));
    return (hostname, asked) => isPort(asked) && contains(list, hostname);
  }
  const name = host.replace(/^\*(?=\.)/, "");
  if (name === "" || name === ".") return undefined;
  const suffix = name.startsWith(".") ? name : `.${name}`;
  const isItself = (hostname: string): boolean => hostname === name;
  return (hostname, asked) => isPort(asked) && (hostname.endsWith(suffix) || isItself(hostname));
}

function parseNetwork(entry: string): ((hostname: string) => boolean) | undefined {
  const [, address = "", length = ""] = /^([0-9a-f.:]+)\/(\d{1,3})$/.exec(entry) ?? [];
  const version = isIP(address);
  if (version === 0 || Number(length) > (version === 4 ? 32 : 128)) return undefined;
  const list = new BlockList();
  list.addSubnet(address, Number(length), familyOf(address));
  return (hostname) => contains(list, hostname);
}

function splitPort(entry: string): { readonly host: string; readonly port?: string } {
  const [, host = "", port] = /^(\[[^\]]*\]|[^:]*)(?::(\d*))?$/.exec(entry) ?? [undefined, entry];
  const bare = host.replace(/^\[|\]$/g, "");
  return port === undefined || port === "" ? { host: bare } : { host: bare, port };
}

function contains(list: BlockList, hostname: string): boolean {
  return isIP(hostname) !== 0 && list.check(hostname, familyOf(hostname));
}

function familyOf(address: string): "ipv4" | "ipv6" {
  return isIP(address) === 4 ? "ipv4" : "ipv6";
}
