// SPDX-License-Identifier: MIT
import { isDigest, type Digest } from "../../oci/digest.ts";
import { OciError } from "../../oci/errors.ts";
import { quote } from "../../oci/quote.ts";

// The file name for a name: its UTF-8 bytes, where every byte except [a-z0-9._:@=+,-], and a dot in front,
// is written as % and two lower-case hex digits. So the result is one path segment and never `.`, `..` or
// one of our temporary names (which start with a dot). Two names stay different even on disks that ignore
// case or the way accents are composed. `python3 -c 'from urllib.parse import unquote'` decodes it.

const PLAIN = /^[a-z0-9._:@=+,-]$/;
const ENCODED = /^(?:[a-z0-9_:@=+,-]|%[0-9a-f]{2})(?:[a-z0-9._:@=+,-]|%[0-9a-f]{2})*$/;
const LONGEST = 255;

/**
 * Encodes a name as a file name, reversibly and uniquely. A name is any text that is not empty, contains no
 * NUL, is not a digest (a digest stands for itself), and whose file name has at most 255 bytes.
 * @throws OciError `invalid-argument`
 */
export function encodeName(name: string): string {
  if (name === "" || name.includes("\0") || isImageDigest(name) || hasLoneSurrogate(name)) {
    throw refuse(name, "text that is not empty, no digest, and valid Unicode without NUL");
  }
  let encoded = "";
  for (const byte of new TextEncoder().encode(name)) {
    const character = String.fromCharCode(byte);
    const plain = PLAIN.test(character) && (encoded !== "" || character !== ".");
    encoded += plain ? character : `%${byte.toString(16).padStart(2, "0")}`;
  }
  if (encoded.length <= LONGEST) return encoded;
  throw refuse(name, `at most ${LONGEST} bytes as a file name, where / and upper case take three`);
}

/** Decodes a file name; undefined for one that {@link encodeName} never produces. */
export function decodeName(encoded: string): string | undefined {
  if (!ENCODED.test(encoded)) return undefined;
  try {
    const name = decodeURIComponent(encoded);
    return encodeName(name) === encoded ? name : undefined;
  } catch (error) {
    if (error instanceof URIError || error instanceof OciError) return undefined;
    throw error;
  }
}

/** Whether a text is a digest that can be verified, and so not a name. `image:latest` is a name. */
export function isImageDigest(text: string): text is Digest {
  return /^sha(?:256|512):/.test(text) && isDigest(text);
}

function hasLoneSurrogate(text: string): boolean {
  return /\p{Surrogate}/u.test(text);
}

function refuse(name: string, expected: string): OciError {
  return new OciError("invalid-argument", `name: expected ${expected}, got ${quote(name)}`, {
    details: { name: name.slice(0, LONGEST) },
    hint: "Give it another name: names are any text.",
  });
}
