// SPDX-License-Identifier: MIT
import { isLoopback } from "../hosts.ts";
import { isUnknownAuthority } from "./trust.ts";
import { ProxyError } from "./tunnel.ts";

/** What to try when a request got no answer; undefined where nothing is known. @param code of the system or of TLS */
export function connectionHint(
  url: URL,
  code: string | undefined,
  cause: unknown,
): string | undefined {
  if (cause instanceof ProxyError) return cause.hint;
  // The name of undici's errors, and of ours.
  if (cause instanceof Error && cause.name === "HTTPParserError") {
    return `Is ${url.host} a registry? What listens there does not speak HTTP/1.1.`;
  }
  if (code === undefined) return undefined;
  if (code === "ENOTFOUND") return `Is ${url.hostname} spelt right, and is there a network?`;
  if (code === "ECONNREFUSED") return refusedHint(url);
  if (HUNG_UP.has(code) || code === "ECONNRESET") return hungUpHint(url, code);
  if (NOT_TLS.has(code) && url.protocol === "https:") {
    return `${url.host} does not speak https on this port; if it is meant to speak plain http, say so: --plain-http`;
  }
  return certificateHint(url.host, code, cause);
}

/** The connection stood, TLS included: undici's code, and ours. */
const HUNG_UP = new Set(["UND_ERR_SOCKET", "ERR_STREAM_PREMATURE_CLOSE"]);

const NOT_TLS = new Set([
  "EPROTO",
  "ERR_SSL_WRONG_VERSION_NUMBER",
  "ERR_SSL_PACKET_LENGTH_TOO_LONG",
]);
function certificateHint(host: string, code: string, cause: unknown): string | undefined {
  if (isUnknownAuthority(code)) {
    const whose = code.includes("SELF_SIGNED")
      ? "signed itself"
      : "is of an authority unknown here";
    return (
      `The certificate of ${host} ${whose}. If you know who made it, trust it: --ca FILE, or the file ${directoryOf(host)}/ca.crt; ` +
      "or accept any certificate with --insecure, on a network where nobody can be in between."
    );
  }
  if (code === "ERR_TLS_CERT_ALTNAME_INVALID") {
    return `Use a name that the certificate is for${namesIn(cause)}; --insecure accepts it for ${host} too.`;
  }
  if (code === "CERT_HAS_EXPIRED" || code === "CERT_NOT_YET_VALID") {
    return `The certificate of ${host} has to be renewed, or this machine's clock is wrong.`;
  }
  if (/ALERT_(CERTIFICATE_REQUIRED|BAD_CERTIFICATE|HANDSHAKE_FAILURE|UNKNOWN_CA)$/.test(code)) {
    return wantsCertificateHint(host);
  }
  return undefined;
}

function wantsCertificateHint(host: string): string {
  return `${host} may want a certificate of this machine: ${directoryOf(host)}/client.cert and client.key`;
}

function directoryOf(host: string): string {
  return `/etc/containers/certs.d/${host}`;
}

/** The names in a certificate that was refused: ` (DNS:a.example, IP Address:10.0.0.1)`. */
function namesIn(cause: unknown): string {
  const { cert } = cause as { readonly cert?: { readonly subjectaltname?: string } };
  return cert?.subjectaltname === undefined ? "" : ` (${cert.subjectaltname.slice(0, 400)})`;
}

function hungUpHint(url: URL, code: string): string | undefined {
  if (url.protocol === "https:") {
    return HUNG_UP.has(code) ? wantsCertificateHint(url.host) : undefined;
  }
  return isLoopback(url.hostname)
    ? `${url.host} hung up; if it speaks https, say so: --https`
    : undefined;
}

function refusedHint(url: URL): string {
  if (!isLoopback(url.hostname)) return `Nothing listens at ${url.host}; is the registry running?`;
  const port = url.port === "5000" ? "" : ` --port ${url.port || "80"}`;
  return `Nothing listens at ${url.host}. oci-kit has a registry of its own: oci-kit serve${port} &`;
}
