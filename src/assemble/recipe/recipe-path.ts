// SPDX-License-Identifier: MIT
import { type ByteString, fromText, toText } from "../../bytes/byte-string.ts";
import { OciError } from "../../oci/errors.ts";

/**
 * A path from a recipe in canonical form: absolute, without `.`, empty or trailing components. A `..` is
 * refused rather than resolved, because the component before it may be a link.
 * @throws OciError `invalid-recipe`
 */
export function recipePath(text: string, where: string): ByteString {
  const parts = text.split("/").filter((part) => part !== "" && part !== ".");
  if (!text.startsWith("/")) throw bad(text, where, "an absolute path");
  if (parts.includes("..")) throw bad(text, where, 'a path without ".."');
  if (text.includes("\0")) throw bad(text, where, "a path without a NUL byte");
  return fromText(`/${parts.join("/")}`);
}

function bad(text: string, where: string, expected: string): OciError {
  return new OciError(
    "invalid-recipe",
    `${where}: expected ${expected}, got ${JSON.stringify(text)}`,
    { details: { where, path: text } },
  );
}

/** The path of a name in a directory. */
export function joinPath(directory: ByteString, name: string): ByteString {
  return (directory === "/" ? `/${name}` : `${directory}/${name}`) as ByteString;
}

/** The directories above a path, the topmost first, without the root. */
export function ancestorsOf(path: ByteString): ByteString[] {
  const ancestors: ByteString[] = [];
  for (let at = path.indexOf("/", 1); at > 0; at = path.indexOf("/", at + 1)) {
    ancestors.push(path.slice(0, at) as ByteString);
  }
  return ancestors;
}

/** Quotes a path for messages. */
export function quotePath(path: ByteString): string {
  return JSON.stringify(toText(path));
}
