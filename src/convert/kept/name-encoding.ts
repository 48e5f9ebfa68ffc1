// SPDX-License-Identifier: MIT
import { isDigest, type Digest } from "../../oci/digest.ts";
import { OciError } from "../../oci/errors.ts";
import { quote } from "../../oci/quote.ts";

// A name as the name of a file: its UTF-8 with every byte but [a-z0-9._:@=+,-], and a dot in front,
// written as % and two lower-case hex digits. So it is one path segment, never `.`, `..` or one of our
// own temporary names (they start with a dot), and two names stay two on disks that take no notice of
// case or of how an accent is composed. `python3 -c 'from urllib.parse import unquote'` reads it back.

const PLAIN = /^[a-z0-9._:@=+,-]$/;
const ENCODED = /^(?:[a-z0-9_:@=+,-]|%[0-9a-f]{2})(?:[a-z0-9._:@=+,-]|%[0-9a-f]{2})*$/;
const LONGEST = 255;

/**
 * The file name that stands for a name: reversible, no two alike. Any text is a name that is not empty,
 * has no NUL, is no digest (that stands for itself), and whose file name has at most 255 bytes.
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

/** The name that a file name stands for; undefined for one that {@link encodeName} never makes. */
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

/** Whether a text is a digest that can be verified, and so no name. `image:latest` is a name. */
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
