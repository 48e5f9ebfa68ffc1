// SPDX-License-Identifier: MIT
import { toText, type ByteString } from "../bytes/byte-string.ts";
import { OciError } from "../oci/errors.ts";

/** Finds an empty component, "." or ".." anywhere in a path. */
const UNCLEAN = /(?:^|\/)\.{0,2}(?:\/|$)/;

/**
 * The place in the root filesystem that a name in a layer stands for: `/a/b`, no `.`, `..`, empty or
 * trailing components; `/` for the root (`.`, `./` and the empty name too). A `..` inside takes back
 * the component before it, by the text alone, as containerd, Docker and umoci do.
 * @throws OciError `path-escape` when a `..` leaves the root
 */
export function normalisePath(path: ByteString): ByteString {
  return (UNCLEAN.test(path) ? cleanPath(path) : `/${path}`) as ByteString;
}

function cleanPath(path: ByteString): string {
  const kept: string[] = [];
  for (const component of path.split("/")) {
    if (component === "" || component === ".") continue;
    if (component !== "..") kept.push(component);
    else if (kept.pop() === undefined) throw pathEscape(path);
  }
  return `/${kept.join("/")}`;
}

function pathEscape(path: ByteString): OciError {
  return new OciError(
    "path-escape",
    `path in the layer: expected one inside the root, got "${toText(path)}", whose ".." leaves it`,
    { details: { path } },
  );
}
