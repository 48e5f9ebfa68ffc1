// SPDX-License-Identifier: MIT
import { toText, type ByteString } from "../bytes/byte-string.ts";
import { OciError } from "../oci/errors.ts";
import { normalisePath } from "./normalise-path.ts";

/**
 * What an entry removes from the layers below (image-spec, layer.md, "Whiteouts"). `whiteout`: the path and
 * all below it. `opaque`: everything that lower layers have in the directory. `ignored`: nothing; it is
 * bookkeeping of AUFS that old Docker versions left in layers, and not a file of the image either. Paths are
 * normalised.
 */
export type Whiteout = {
  readonly kind: "whiteout" | "opaque" | "ignored";
  readonly path: ByteString;
};

const PREFIX = ".wh.";
const OPAQUE = ".wh..wh..opq";
const AUFS = /^\/\.wh\.\.wh\.(?:plnk|aufs|orph)(?:\/|$)/;

/**
 * Reads a whiteout from the name of an entry; undefined for an ordinary entry. Only the last component
 * counts, and a name with a trailing slash is that of a directory, never a whiteout.
 * @throws OciError `invalid-layer` for a whiteout of nothing, of `.`, of `..` or of another whiteout;
 * `path-escape`
 */
export function classifyWhiteout(entryPath: ByteString): Whiteout | undefined {
  if (!entryPath.includes(PREFIX)) return undefined;
  const path = normalisePath(entryPath);
  if (AUFS.test(path)) return { kind: "ignored", path };
  const slash = path.lastIndexOf("/");
  const name = path.slice(slash + 1);
  if (!name.startsWith(PREFIX) || entryPath.endsWith("/")) return undefined;
  if (name === OPAQUE) return { kind: "opaque", path: (path.slice(0, slash) || "/") as ByteString };
  const removed = name.slice(PREFIX.length);
  if (removed === "" || removed === "." || removed === ".." || removed.startsWith(PREFIX)) {
    throw new OciError(
      "invalid-layer",
      `whiteout in the layer: expected ${PREFIX} and the name of a file, got "${toText(entryPath)}"`,
      { details: { path: entryPath } },
    );
  }
  return { kind: "whiteout", path: (path.slice(0, slash + 1) + removed) as ByteString };
}

/**
 * The name of the whiteout that removes `path` (normalised, not the root) from the layers below: `/a/b` gives
 * `a/.wh.b`.
 */
export function whiteoutPath(path: ByteString): ByteString {
  const slash = path.lastIndexOf("/");
  return `${path.slice(1, slash + 1)}${PREFIX}${path.slice(slash + 1)}` as ByteString;
}

/**
 * The name of the opaque marker that hides what lower layers have in `directory` (normalised): `/a` gives
 * `a/.wh..wh..opq`.
 */
export function opaquePath(directory: ByteString): ByteString {
  return (directory === "/" ? OPAQUE : `${directory.slice(1)}/${OPAQUE}`) as ByteString;
}
