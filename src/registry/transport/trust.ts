// SPDX-License-Identifier: MIT
import { X509Certificate } from "node:crypto";
import { readFileSync } from "node:fs";
import type * as NodeTls from "node:tls";
import { OciError } from "../../oci/errors.ts";
import type { FindTls, TlsOptions } from "../registry-options.ts";

type Tls = typeof NodeTls;

/** With what one host is spoken to in TLS. */
export interface TrustedHost {
  readonly context: NodeTls.SecureContext;
  readonly anyCertificate: boolean;
  /** The same with all further authorities; undefined when there are none, or they are in use already. */
  widen(): TrustedHost | undefined;
}

/** Whom we trust, by host. A secure context is made once for each host, because reading authorities takes long. */
export interface Trust {
  /**
   * @param isOwn whether it is the registry itself, which alone is shown our certificates
   * @throws OciError what finding the certificates throws; `invalid-argument` for what is no PEM
   */
  for(tls: Tls, target: URL, isOwn: boolean): TrustedHost;
  /** Remembers that the host's certificate needs the further authorities. */
  remember(target: URL, isOwn: boolean, trusted: TrustedHost): void;
}

const UNKNOWN_AUTHORITY: ReadonlySet<unknown> = new Set([
  // the authority that was found by its name is another one of that name
  "CERT_SIGNATURE_FAILURE",
  "DEPTH_ZERO_SELF_SIGNED_CERT",
  "SELF_SIGNED_CERT_IN_CHAIN",
  "UNABLE_TO_GET_ISSUER_CERT",
  "UNABLE_TO_GET_ISSUER_CERT_LOCALLY",
  "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
]);

/** Whether the code of an error in TLS says that nobody trusted has signed the certificate. */
export function isUnknownAuthority(code: unknown): boolean {
  return UNKNOWN_AUTHORITY.has(code);
}

/** Creates the trust of one transport. @param registry as the user named it, which is how its certificates are found */
export function createTrust(find: FindTls, registry: string): Trust {
  const known = new Map<string, TrustedHost>();
  const key = ({ host }: URL, isOwn: boolean): string => (isOwn ? "" : host);
  return {
    for: (tls, target, isOwn) => {
      const host = isOwn ? registry : target.host;
      const trusted = known.get(key(target, isOwn)) ?? trustHost(tls, host, find(host), isOwn);
      known.set(key(target, isOwn), trusted);
      return trusted;
    },
    remember: (target, isOwn, trusted) => void known.set(key(target, isOwn), trusted),
  };
}

/**
 * First only the authorities that were given for the host, if any, since reading Node's own takes 20 ms; then
 * all together. Which comes first makes no difference to what is trusted.
 */
function trustHost(tls: Tls, host: string, options: TlsOptions, isOwn: boolean): TrustedHost {
  const { authorities = [], moreAuthorities, clientCertificates = [], anyCertificate } = options;
  const shown = isOwn ? clientCertificates : [];
  const make = (trusted: readonly string[]): NodeTls.SecureContext =>
    createContext(tls, host, authorities, {
      // Without a list Node uses its own, which it has parsed already.
      ...(trusted.length > 0 && { ca: [...trusted] }),
      cert: shown.map(({ certificate }) => certificate),
      key: shown.map(({ key }) => key),
    });
  return {
    context: make(authorities),
    anyCertificate: anyCertificate === true,
    widen: () => {
      const more = [...authorities, ...(moreAuthorities?.() ?? [])];
      if (more.length === 0) return undefined;
      const context = make([...nodeAuthorities(tls), ...more]);
      return { context, anyCertificate: anyCertificate === true, widen: () => undefined };
    },
  };
}

/** @param given what Node is not told by itself: it would ignore what is no certificate */
function createContext(
  tls: Tls,
  host: string,
  given: readonly string[],
  options: object,
): NodeTls.SecureContext {
  try {
    for (const text of given) new X509Certificate(text);
    return tls.createSecureContext(options);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new OciError(
      "invalid-argument",
      `certificates for ${host}: expected certificates and keys as PEM that belong together, got ${reason}`,
      {
        hint: "See --ca, SSL_CERT_FILE, and the directories certs.d of docker and containers.",
        cause,
      },
    );
  }
}

/** What Node trusts where it is given no list: its own authorities, and those of `NODE_EXTRA_CA_CERTS`. */
function nodeAuthorities(tls: Tls): readonly string[] {
  const { getCACertificates } = tls as { getCACertificates?: (type: "default") => string[] };
  if (getCACertificates !== undefined) return getCACertificates("default");
  const extra = process.env["NODE_EXTRA_CA_CERTS"];
  return [...tls.rootCertificates, ...(extra ? readExtra(extra) : [])];
}

/** Node itself has warned of a file that can't be read. */
function readExtra(path: string): readonly string[] {
  try {
    return [readFileSync(path, "utf8")];
  } catch {
    return [];
  }
}
