// SPDX-License-Identifier: MIT
import { BlockList, isIP } from "node:net";
import { OciError } from "../oci/errors.ts";
import { quote } from "../oci/quote.ts";

const LOCAL = new BlockList();
// RFC 6890: this host, private, shared, loopback, link-local (where clouds keep their secrets).
LOCAL.addSubnet("0.0.0.0", 8, "ipv4");
LOCAL.addSubnet("10.0.0.0", 8, "ipv4");
LOCAL.addSubnet("100.64.0.0", 10, "ipv4");
LOCAL.addSubnet("127.0.0.0", 8, "ipv4");
LOCAL.addSubnet("169.254.0.0", 16, "ipv4");
LOCAL.addSubnet("172.16.0.0", 12, "ipv4");
LOCAL.addSubnet("192.168.0.0", 16, "ipv4");
LOCAL.addSubnet("::", 127, "ipv6");
LOCAL.addSubnet("64:ff9b::", 96, "ipv6");
LOCAL.addSubnet("fc00::", 7, "ipv6");
LOCAL.addSubnet("fe80::", 10, "ipv6");
const LOOPBACK = new BlockList();
LOOPBACK.addSubnet("127.0.0.0", 8, "ipv4");
LOOPBACK.addAddress("::1", "ipv6");
const UNSPECIFIED = new BlockList();
UNSPECIFIED.addSubnet("0.0.0.0", 8, "ipv4");
UNSPECIFIED.addAddress("::", "ipv6");
// Where clouds answer any program of a machine with its secrets: link-local (AWS, Azure, Google and most
// others), AWS over IPv6, Alibaba, Oracle; and link-local through NAT64.
const METADATA = new BlockList();
METADATA.addSubnet("169.254.0.0", 16, "ipv4");
METADATA.addSubnet("fe80::", 10, "ipv6");
METADATA.addAddress("fd00:ec2::254", "ipv6");
METADATA.addAddress("100.100.100.200", "ipv4");
METADATA.addAddress("192.0.0.192", "ipv4");
METADATA.addSubnet("64:ff9b::a9fe:0", 112, "ipv6");

/** Whether the host is `localhost` or a literal loopback address, as `URL.hostname` writes it. */
export function isLoopback(hostname: string): boolean {
  return hostname.toLowerCase() === "localhost" || inside(LOOPBACK, hostname);
}

/**
 * Whether the host is literally one of this machine or its private networks: `localhost` and below, or
 * an address that is loopback, private, link-local or unspecified, also when mapped into IPv6. A name
 * that resolves to such an address is not seen here.
 */
export function isLocal(hostname: string): boolean {
  const name = hostname.toLowerCase().replace(/\.$/, "");
  return name === "localhost" || name.endsWith(".localhost") || inside(LOCAL, name);
}

/** Whether the host is literally a link-local address or another where clouds keep the secrets of a machine. */
export function isMetadata(hostname: string): boolean {
  return inside(METADATA, hostname);
}

function inside(list: BlockList, hostname: string): boolean {
  const address = hostname.replace(/^\[|\]$|%.*$/g, "");
  const version = isIP(address);
  // BlockList sees through IPv4 mapped into IPv6 (::ffff:127.0.0.1).
  return version !== 0 && list.check(address, version === 4 ? "ipv4" : "ipv6");
}

const HUB = "registry-1.docker.io";
const HUB_NAMES = new Set(["docker.io", "index.docker.io", HUB]);

/** Whether the registry is Docker Hub, which goes by three names. */
export function isDockerHub(registry: string): boolean {
  return HUB_NAMES.has(registry);
}

/**
 * Where a registry's API is: https, or http for loopback hosts, unless `plainHttp` says otherwise.
 * @throws OciError `invalid-reference` when it is not a host with an optional port
 */
export function registryOrigin(registry: string, plainHttp: boolean | undefined): URL {
  const host = isDockerHub(registry) ? HUB : registry;
  const text = `http://${host}/`;
  if (!URL.canParse(text) || /[/?#@\s\\]/.test(host)) {
    throw new OciError(
      "invalid-reference",
      `registry: expected a host with an optional port, got ${quote(registry)}`,
    );
  }
  // Parsed as http first: with https a port of 443 would be lost before the host is known.
  const plain = plainHttp ?? isLoopback(new URL(text).hostname);
  return new URL(`${plain ? "http" : "https"}://${host}/`);
}

/**
 * Refuses what a registry may not make this machine connect to: another scheme, a step down from
 * https, a URL with user information, an address where clouds keep secrets (also of a registry on this
 * machine: what listens here may be anybody's), and a literal address of this machine or its private
 * networks unless the registry is there itself. What a name resolves to is seen when it is connected to.
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

/**
 * Why a registry may not make this machine connect to an address that a name resolved to; undefined when
 * it may. Private networks are allowed: names that resolve differently inside a company are common.
 */
export function addressRefusal(address: string, origin: URL): string | undefined {
  if (isMetadata(address)) return "an address of cloud metadata";
  const here = isLoopback(address) || inside(UNSPECIFIED, address);
  return here && !isLocal(origin.hostname) ? "an address of this machine" : undefined;
}

function refusal(target: URL, origin: URL): string | undefined {
  if (target.protocol !== "https:" && target.protocol !== "http:") return "it is not https";
  if (target.protocol === "http:" && origin.protocol !== "http:") return "it is not https";
  if (target.username !== "" || target.password !== "") return "it has user information";
  if (target.origin === origin.origin) return undefined;
  if (isMetadata(target.hostname)) return "it is an address of cloud metadata";
  if (isLocal(origin.hostname)) return undefined;
  return isLocal(target.hostname) ? "it is an address of this machine or its networks" : undefined;
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
 * A URL for messages: without user information, and with the values of all query parameters left out
 * but of those that are known not to be secrets (signatures of storage services, upload states).
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
