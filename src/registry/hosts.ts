// SPDX-License-Identifier: MIT
import { BlockList, isIP } from "node:net";
import { OciError } from "../oci/errors.ts";
import { quote } from "../oci/quote.ts";
import type { Scheme } from "./registry-options.ts";
import { parseUrl } from "./wire/url.ts";

const PRIVATE = new BlockList();
// RFC 6890 and RFC 4193: private networks, those shared by carriers, and IPv4 behind NAT64.
PRIVATE.addSubnet("10.0.0.0", 8, "ipv4");
PRIVATE.addSubnet("100.64.0.0", 10, "ipv4");
PRIVATE.addSubnet("172.16.0.0", 12, "ipv4");
PRIVATE.addSubnet("192.168.0.0", 16, "ipv4");
PRIVATE.addSubnet("198.18.0.0", 15, "ipv4");
PRIVATE.addSubnet("64:ff9b::", 96, "ipv6");
PRIVATE.addSubnet("64:ff9b:1::", 48, "ipv6");
PRIVATE.addSubnet("2002::", 16, "ipv6");
PRIVATE.addSubnet("fc00::", 7, "ipv6");
PRIVATE.addSubnet("fec0::", 10, "ipv6");
const LOOPBACK = new BlockList();
LOOPBACK.addSubnet("127.0.0.0", 8, "ipv4");
LOOPBACK.addAddress("::1", "ipv6");
// Linux connects to the machine itself for the unspecified address; ::/96 may hold any address of IPv4.
const UNSPECIFIED = new BlockList();
UNSPECIFIED.addSubnet("0.0.0.0", 8, "ipv4");
UNSPECIFIED.addSubnet("::", 96, "ipv6");
// Addresses where clouds give a machine's secrets to any program on it: link-local (AWS, Azure, Google and
// most others), AWS over IPv6, Alibaba, Oracle; and link-local through NAT64.
const METADATA = new BlockList();
METADATA.addSubnet("169.254.0.0", 16, "ipv4");
METADATA.addSubnet("fe80::", 10, "ipv6");
METADATA.addAddress("fd00:ec2::254", "ipv6");
METADATA.addAddress("fd20:ce::254", "ipv6");
METADATA.addAddress("100.100.100.200", "ipv4");
METADATA.addAddress("192.0.0.192", "ipv4");
METADATA.addSubnet("64:ff9b::a9fe:0", 112, "ipv6");
const METADATA_NAMES = new Set(["metadata", "metadata.google.internal", "metadata.goog"]);

/** Where an address is, from the outside inward. */
export const ZONES = ["public", "private", "machine", "metadata"] as const;
export type Zone = (typeof ZONES)[number];

/** Where an address is. IPv4 mapped into IPv6 counts as IPv4. */
export function zoneOfAddress(address: string): Zone {
  if (inside(METADATA, address)) return "metadata";
  if (inside(LOOPBACK, address) || inside(UNSPECIFIED, address)) return "machine";
  return inside(PRIVATE, address) ? "private" : "public";
}

/**
 * Where a host is, as far as its text tells: an address, written as in `URL.hostname`, or `localhost` and
 * names below it. Undefined for other names, which are not resolved here.
 */
export function zoneOfHost(hostname: string): Zone | undefined {
  const name = hostname.toLowerCase().replace(/\.$/, "");
  if (name === "localhost" || name.endsWith(".localhost")) return "machine";
  return isIP(bare(name)) === 0 ? undefined : zoneOfAddress(name);
}

/** Whether the host is a name by which clouds serve the secrets of a machine. */
export function isMetadataName(hostname: string): boolean {
  return METADATA_NAMES.has(hostname.toLowerCase().replace(/\.$/, ""));
}

/** Whether the host, written as in `URL.hostname`, is `localhost` or a literal loopback address. */
export function isLoopback(hostname: string): boolean {
  return hostname.toLowerCase() === "localhost" || inside(LOOPBACK, hostname);
}

function inside(list: BlockList, hostname: string): boolean {
  const address = bare(hostname);
  const version = isIP(address);
  // BlockList sees through IPv4 mapped into IPv6 (::ffff:127.0.0.1).
  return version !== 0 && list.check(address, version === 4 ? "ipv4" : "ipv6");
}

/** The address without brackets and without a zone of IPv6 (`%eth0`). */
function bare(hostname: string): string {
  return hostname.replace(/^\[|\]$|%.*$/g, "");
}

const HUB = "registry-1.docker.io";
const HUB_NAMES = new Set(["docker.io", "index.docker.io", HUB]);

/** Whether the registry is Docker Hub, which has three names. */
export function isDockerHub(registry: string): boolean {
  return HUB_NAMES.has(registry);
}

/**
 * The URL of a registry's API under a scheme.
 * @throws OciError `invalid-reference` when `registry` is not a host with an optional port
 */
export function registryOrigin(registry: string, scheme: "http" | "https"): URL {
  const host = isDockerHub(registry) ? HUB : registry;
  const url = /[/?#@\s\\]/.test(host) ? undefined : parseUrl(`${scheme}://${host}/`);
  if (url === undefined) {
    throw new OciError(
      "invalid-reference",
      `registry: expected a host with an optional port, got ${quote(registry)}`,
    );
  }
  return url;
}

/** The scheme of a registry for which none was given. */
export function defaultScheme(registry: string): Scheme {
  return isLoopback(registryOrigin(registry, "http").hostname) ? "either" : "https";
}

/**
 * Refuses a target that no registry may send us to, whatever its address:
 * - a scheme other than http or https, or http where the registry uses https;
 * - a URL with user information;
 * - a place where clouds serve secrets, even for a registry on this machine, because whatever listens here
 *   may not be trustworthy.
 * The address itself is judged when the connection is made (`AddressGate`).
 * @throws OciError `redirect-refused`
 */
export function checkTarget(target: URL, origin: URL, what: string): void {
  const reason = refusal(target, origin);
  if (reason === undefined) return;
  throw new OciError(
    "redirect-refused",
    `${what}: expected a target that ${origin.host} may send us to, got ${redactUrl(target)}: ${reason}`,
    { details: { target: redactUrl(target), registry: origin.host } },
  );
}

function refusal(target: URL, origin: URL): string | undefined {
  if (target.protocol !== "https:" && target.protocol !== "http:") return "it is not https";
  if (target.protocol === "http:" && origin.protocol !== "http:") return "it is not https";
  if (target.username !== "" || target.password !== "") return "it has user information";
  if (target.origin === origin.origin) return undefined;
  const isMetadata = inside(METADATA, target.hostname) || isMetadataName(target.hostname);
  return isMetadata ? "it is an address of cloud metadata" : undefined;
}

const SHOWN_PARAMETERS = new Set([
  "artifactType",
  "digest",
  "from",
  "last",
  "mount",
  "n",
  "scope",
  "service",
]);

/**
 * The URL as messages show it: without user information, and with the values of query parameters hidden,
 * except for parameters known to hold no secrets (unlike signatures of storage services or upload states).
 */
export function redactUrl(url: URL): string {
  const shown = new URL(url);
  shown.username = "";
  shown.password = "";
  shown.hash = "";
  shown.search = "";
  const query = [...url.searchParams].map(([name, value]) =>
    SHOWN_PARAMETERS.has(name) ? `${name}=${encodeQuery(value)}` : `${encodeQuery(name)}=…`,
  );
  return query.length === 0 ? shown.href : `${shown.href}?${query.join("&")}`;
}

function encodeQuery(text: string): string {
  return encodeURIComponent(text.slice(0, 160)).replace(/%3A/g, ":").replace(/%2F/g, "/");
}
