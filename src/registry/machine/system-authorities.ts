// SPDX-License-Identifier: MIT
import { join } from "node:path";
import { OciError } from "../../oci/errors.ts";
import type { Environment } from "./environment.ts";
import { listIfThere, readIfThere } from "./read-if-there.ts";

/** Where systems keep the authorities that they trust, as one file. The first that exists is used, as by Go's programs. */
const SYSTEM_FILES = [
  "/etc/ssl/certs/ca-certificates.crt",
  "/etc/pki/tls/certs/ca-bundle.crt",
  "/etc/ssl/ca-bundle.pem",
  "/etc/pki/tls/cacert.pem",
  "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
  "/etc/ssl/cert.pem",
];

/**
 * The authorities that this system trusts, as PEM: of the file `SSL_CERT_FILE`, else of the system's own list,
 * and of the directories in `SSL_CERT_DIR` (joined by colons). Empty where there is none of these.
 * @throws OciError `unreadable`; `not-found` when a variable names what is not there
 */
export function systemAuthorities(environment: Environment): readonly string[] {
  const { SSL_CERT_FILE, SSL_CERT_DIR = "" } = environment;
  const list = SSL_CERT_FILE
    ? (readIfThere(SSL_CERT_FILE) ?? absent("SSL_CERT_FILE", SSL_CERT_FILE))
    : firstOf(SYSTEM_FILES);
  const directories = SSL_CERT_DIR.split(":").filter((directory) => directory !== "");
  return [...(list === undefined ? [] : [list]), ...directories.flatMap(readDirectory)];
}

function firstOf(paths: readonly string[]): string | undefined {
  for (const path of paths) {
    const text = readIfThere(path);
    if (text !== undefined) return text;
  }
  return undefined;
}

/** The certificates in a directory. Other files are ignored, as they are by Go's programs and by OpenSSL. */
function readDirectory(directory: string): readonly string[] {
  const names = listIfThere(directory) ?? absent("SSL_CERT_DIR", directory);
  return names
    .filter((name) => /\.(pem|crt|cer|[0-9])$/.test(name))
    .map((name) => readIfThere(join(directory, name)) ?? "")
    .filter((text) => text.includes("-----BEGIN CERTIFICATE-----"));
}

function absent(variable: string, path: string): never {
  throw new OciError("not-found", `${variable}: expected ${JSON.stringify(path)}, got nothing`, {
    details: { path },
    hint: `Change or unset ${variable} in the environment.`,
  });
}
