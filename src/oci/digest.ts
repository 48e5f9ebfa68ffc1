// SPDX-License-Identifier: MIT
import { OciError } from "./errors.ts";
import { quote } from "./quote.ts";

declare const digestBrand: unique symbol;
declare const diffIdBrand: unique symbol;
declare const chainIdBrand: unique symbol;

/** The digest of bytes as stored and sent (image-spec, descriptor.md, "Digests"): `sha256:<hex>`. */
export type Digest = string & { readonly [digestBrand]: true };
/** The digest of a layer's uncompressed tar (image-spec, config.md, "Layer DiffID"). */
export type DiffId = string & { readonly [diffIdBrand]: true };
/** The digest that names a stack of layers (image-spec, config.md, "Layer ChainID"). */
export type ChainId = string & { readonly [chainIdBrand]: true };

/** The algorithms this library computes. Others survive reading, and never count as verified. */
export type DigestAlgorithm = "sha256" | "sha512";

const ENCODED: Readonly<Record<DigestAlgorithm, RegExp>> = {
  sha256: /^[0-9a-f]{64}$/,
  sha512: /^[0-9a-f]{128}$/,
};
// image-spec, descriptor.md: algorithm-component *(separator algorithm-component) ":" encoded
const GRAMMAR = /^([a-z0-9]+(?:[+._-][a-z0-9]+)*):([a-zA-Z0-9=_-]+)$/;
const LONGEST = 512;

function isKnown(algorithm: string): algorithm is DigestAlgorithm {
  return Object.hasOwn(ENCODED, algorithm);
}

/**
 * Whether `text` is a well-formed digest of any algorithm. One of sha256 or sha512 must be lower-case hex of
 * the right length.
 */
export function isDigest(text: string): text is Digest {
  const parts = text.length <= LONGEST ? GRAMMAR.exec(text) : null;
  if (parts === null) return false;
  const [, algorithm = "", encoded = ""] = parts;
  return !isKnown(algorithm) || ENCODED[algorithm].test(encoded);
}

/**
 * Parses a digest by the strict grammar, before any use in a path or a URL.
 * A well-formed digest of an unknown algorithm is returned as it is; see {@link knownAlgorithm}.
 * @throws OciError `invalid-digest`
 */
export function parseDigest(text: string): Digest {
  if (!isDigest(text)) throw malformed("digest", text);
  return text;
}

/** Parses the digest of an uncompressed layer. @throws OciError `invalid-digest` */
export function parseDiffId(text: string): DiffId {
  if (!isDigest(text)) throw malformed("diffID", text);
  return diffIdOf(text);
}

/** What to try where a digest is cut off, as messages and other tools abbreviate it; nothing for anything else. */
export function shortDigestHint(text: string): { readonly hint?: string } {
  const [, algorithm = "", digits = ""] = /^(sha256|sha512):([0-9a-f]{0,127})$/.exec(text) ?? [];
  const whole = algorithm === "sha512" ? 128 : 64;
  if (algorithm === "" || digits.length >= whole) return {};
  const hint = `It has ${digits.length} of ${whole} digits. oci-kit tags --digests REPOSITORY prints them all.`;
  return { hint };
}

function malformed(what: string, text: string): OciError {
  return new OciError(
    "invalid-digest",
    `${what}: expected sha256:<64 lower-case hex digits> or another well-formed digest, got ${quote(text)}`,
    { details: { got: text.slice(0, LONGEST) }, ...shortDigestHint(text) },
  );
}

/** The part before the colon. */
export function digestAlgorithm(digest: Digest | DiffId | ChainId): string {
  return digest.slice(0, digest.indexOf(":"));
}

/** The part after the colon. For sha256 and sha512 it is lower-case hex and safe in a path. */
export function digestEncoded(digest: Digest | DiffId | ChainId): string {
  return digest.slice(digest.indexOf(":") + 1);
}

/**
 * The algorithm of a digest, if this library can compute it. @throws OciError `unsupported-algorithm` if not:
 * such a digest can't be verified, and is not used in a path.
 */
export function knownAlgorithm(digest: Digest | DiffId | ChainId): DigestAlgorithm {
  const algorithm = digestAlgorithm(digest);
  if (isKnown(algorithm)) return algorithm;
  throw new OciError(
    "unsupported-algorithm",
    `digest ${digest}: expected sha256 or sha512, got ${algorithm}, which can't be verified`,
    { details: { digest, algorithm } },
  );
}

/** Makes a digest of a known algorithm from its lower-case hex digits. */
export function digestOf(algorithm: DigestAlgorithm, hex: string): Digest {
  return parseDigest(`${algorithm}:${hex}`);
}

/** The diffID of a layer whose uncompressed bytes have this digest. Only the type changes. */
export function diffIdOf(digest: Digest): DiffId {
  return digest as string as DiffId;
}

/** A digest in the short form used in messages to people: `sha256:0123456789ab`. */
export function shortDigest(digest: Digest | DiffId | ChainId): string {
  return `${digestAlgorithm(digest)}:${digestEncoded(digest).slice(0, 12)}`;
}
