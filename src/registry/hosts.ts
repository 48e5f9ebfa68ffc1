// SPDX-License-Identifier: MIT
import { BlockList, isIP } from "node:net";
import { OciError } from "../oci/errors.ts";
import { quote } from "../oci/quote.ts";

const LOCAL = new BlockList();
// RFC 6890: this host, private, shared, loopback and link-local (where clouds serve the secrets of a
// machine).
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
// Addresses where clouds give a machine's secrets to any program on it: link-local (AWS, Azure, Google and
// most others), AWS over IPv6, Alibaba, Oracle; and link-local through NAT64.
const METADATA = new BlockList();
METADATA.addSubnet("169.254.0.0", 16, "ipv4");
METADATA.addSubnet("fe80::", 10, "ipv6");
METADATA.addAddress("fd00:ec2::254", "ipv6");
METADATA.addAddress("100.100.100.200", "ipv4");
METADATA.addAddress("192.0.0.192", "ipv4");
METADATA.addSubnet("64:ff9b::a9fe:0", 112, "ipv6");

/** Whether the host, written as in `URL.hostname`, is `localhost` or a literal loopback address. */
export function isLoopback(hostname: string): boolean {
  return hostname.toLowerCase() === "localhost" || inside(LOOPBACK, hostname);
}

/**
 * Whether the host literally names this machine or its private networks: `localhost` and names below it, or
 * an address that is loopback, private, link-local or unspecified, also when mapped into IPv6. Names are not
 * resolved here.
 */
export function isLocal(hostname: string): boolean {
  const name = hostname.toLowerCase().replace(/\.$/, "");
  return name === "localhost" || name.endsWith(".localhost") || inside(LOCAL, name);
}

/** Whether the host is literally an address where clouds serve the secrets of a machine. */
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

/** Whether the registry is Docker Hub, which has three names. */
export function isDockerHub(registry: string): boolean {
  return HUB_NAMES.has(registry);
}

/**
 * The origin of a registry's API: https, or http for loopback hosts, unless `plainHttp` says otherwise.
 * @throws OciError `invalid-reference` when `registry` is not a host with an optional port
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
  // Parsed as http first: parsed as https, an explicit port 443 would be dropped.
  const plain = plainHttp ?? isLoopback(new URL(text).hostname);
  return new URL(`${plain ? "http" : "https"}://${host}/`);
}

/**
 * Refuses a target that a registry may not make this machine connect to:
 * - a scheme other than http or https, or http where the registry uses https;
 * - a URL with user information;
 * - an address where clouds serve secrets, even for a registry on this machine, because whatever listens here
 *   may not be trustworthy;
 * - a literal address of this machine or its private networks, unless the registry is there itself.
 * Addresses that a name resolves to are checked when the connection is made.
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
 * Why a registry may not make this machine connect to an address that a name resolved to; undefined when it
 * may. Private networks are allowed: companies often resolve public names to private addresses.
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
