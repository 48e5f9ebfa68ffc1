// SPDX-License-Identifier: MIT
import { lookup } from "node:dns/promises";
import { OciError } from "../../oci/errors.ts";
import { quote } from "../../oci/quote.ts";
import { isLoopback } from "../../registry/hosts.ts";

/** Where a registry is to listen, and what protects it there. */
export interface Exposure {
  readonly host: string;
  readonly hasTls: boolean;
  readonly hasAccess: boolean;
  readonly allowPlainHttp: boolean;
  readonly allowAnonymous: boolean;
}

/**
 * The address to listen on. Beyond this machine a registry needs TLS and to know who may use it, or an explicit
 * word for less.
 * @throws OciError `invalid-argument` naming all that is missing; the system's error for an unknown name
 */
export async function listeningAddress(exposure: Exposure): Promise<string> {
  const { host } = exposure;
  const { address } = await lookup(host.replace(/^\[|\]$/g, ""));
  if (isLoopback(address)) return address;
  const lacks: string[] = [];
  const adds: string[] = [];
  if (!exposure.hasTls && !exposure.allowPlainHttp) {
    lacks.push("a certificate (TLS)");
    adds.push(
      "--tls-cert FILE --tls-key FILE (or --allow-plain-http, where the network is trusted)",
    );
  }
  if (!exposure.hasAccess && !exposure.allowAnonymous) {
    lacks.push("users");
    adds.push(
      "--htpasswd FILE or --access FILE (or --allow-anonymous: everyone may read and write)",
    );
  }
  if (lacks.length === 0) return address;
  const got = lacks.length === 2 ? "neither" : "none";
  throw new OciError(
    "invalid-argument",
    `expected ${lacks.join(" and ")} where others than this machine reach the registry, got ${got} for ${quote(host)}`,
    { details: { host, address }, hint: `Add ${adds.join(", and ")}.` },
  );
}
