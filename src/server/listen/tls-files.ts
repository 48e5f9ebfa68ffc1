// SPDX-License-Identifier: MIT
import { createSecureContext } from "node:tls";
import { OciError } from "../../oci/errors.ts";
import { changingFile } from "./changing-file.ts";

/** The files of a server's certificate, in PEM. */
export interface TlsFiles {
  /** The certificate, and after it those that lead to a known authority. */
  readonly cert: string;
  /** Its private key, without a password. */
  readonly key: string;
}

/** A certificate with its key. */
export interface Certificate {
  readonly cert: Uint8Array;
  readonly key: Uint8Array;
}

/**
 * Makes a function that returns what the files hold now: the same object as long as they do not change.
 * @throws OciError (the function) `invalid-argument` when they are no certificate with its key; `not-found`,
 * `unreadable`
 */
export function certificateReader(files: TlsFiles): () => Certificate {
  const cert = changingFile(files.cert, (bytes) => bytes);
  const key = changingFile(files.key, (bytes) => bytes);
  let last: Certificate | undefined;
  return () => {
    const now = { cert: cert(), key: key() };
    if (last?.cert === now.cert && last.key === now.key) return last;
    check(now, files);
    last = now;
    return now;
  };
}

function check({ cert, key }: Certificate, files: TlsFiles): void {
  try {
    createSecureContext({ cert: Buffer.from(cert), key: Buffer.from(key) });
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    throw new OciError(
      "invalid-argument",
      `expected a certificate in ${files.cert} and its private key in ${files.key}, both as PEM, got: ${message}`,
      { cause: error },
    );
  }
}
