// SPDX-License-Identifier: MIT
import { toText, type ByteString } from "../bytes/byte-string.ts";
import { OciError } from "../oci/errors.ts";

/** Matches an empty component, "." or ".." anywhere in a path. */
const UNCLEAN = /(?:^|\/)\.{0,2}(?:\/|$)/;

/**
 * The path in the root filesystem that a name in a layer stands for, such as `/a/b`: without `.`, `..` and
 * empty components, and without a slash at the end. The root is `/`, also for the names `.`, `./` and the
 * empty one. A `..` removes the component before it, without looking at any link, as containerd, Docker and
 * umoci do.
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
