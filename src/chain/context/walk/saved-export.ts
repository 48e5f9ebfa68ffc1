// SPDX-License-Identifier: MIT
import { toText, type ByteString } from "../../../bytes/byte-string.ts";
import { RECORD_FILE } from "../../../disk/sidecar/sidecar-files.ts";
import type { RootFilesystem } from "../../../rootfs/root-filesystem.ts";
import { OciError } from "../../../oci/errors.ts";

/**
 * What a build saved and a context holds: an OCI layout, a directory that was unpacked from an image (it has its
 * sidecar beside it), or such a sidecar alone.
 */
export interface SavedExport {
  /** Without a leading `/`; empty when the context itself is one. */
  readonly path: ByteString;
  readonly kind: "layout" | "root-tree" | "sidecar";
}

/** A directory of a context, as {@link findExport} needs to know it. */
export interface ListedDirectory {
  readonly path: ByteString;
  readonly names: readonly ByteString[];
  /** Whether something with this name in it would be sent. */
  readonly isSent: (name: string) => boolean;
  /** False for the context itself, which the caller has chosen, and for a directory that is ignored. */
  readonly isSentItself: boolean;
  /** Whether the directory around it has a name that its sidecar would have. */
  readonly hasNeighbour: boolean;
}

/** What a sidecar's name adds to its directory's. */
export const SIDECAR_SUFFIX = ".oci-kit";
const LAYOUT = ["oci-layout", "index.json", "blobs"];

/**
 * What a directory of a context was saved as, if it would be sent. The context itself may be an unpacked directory: it
 * was named as one.
 */
export function findExport(
  root: RootFilesystem,
  { path, names, isSent, isSentItself, hasNeighbour }: ListedDirectory,
): SavedExport | undefined {
  const has = (name: string): boolean => names.includes(name as ByteString) && isSent(name);
  if (LAYOUT.every(has)) return { path, kind: "layout" };
  if (!isSentItself) return undefined;
  const beside = `/${path}${SIDECAR_SUFFIX}/${RECORD_FILE}` as ByteString;
  if (hasNeighbour && root.lstat(beside)?.type === "file") return { path, kind: "root-tree" };
  const isSidecar = path.endsWith(SIDECAR_SUFFIX) && has(RECORD_FILE);
  return isSidecar ? { path, kind: "sidecar" } : undefined;
}

const KINDS: Readonly<Record<SavedExport["kind"], string>> = {
  layout: "a saved OCI layout",
  "root-tree": "a directory unpacked from an image",
  sidecar: "the sidecar of an unpacked directory",
};
const SHOWN = 10;

/**
 * The refusal of a context with saved exports: they would travel to the builder with every build, and a later image
 * could be made of an older one.
 */
export function exportsRefused(directory: string, found: readonly SavedExport[]): OciError {
  const paths = found.map(({ path }) => toText(path));
  if (found.some(({ path }) => path === "")) return layoutAsContext(directory);
  const shown = found.slice(0, SHOWN).map(({ path, kind }) => `${toText(path)} (${KINDS[kind]})`);
  if (found.length > SHOWN) shown.push(`${found.length - SHOWN} more`);
  return new OciError(
    "gate-refused",
    `${directory}: expected a context without saved images, got ${shown.join(", ")}`,
    {
      details: { paths },
      hint:
        `Add to the ignore file: ${paths.slice(0, SHOWN).map(patternOf).join(" ")}` +
        ` (one a line). What is meant to be there can be allowed by its path.`,
    },
  );
}

function layoutAsContext(directory: string): OciError {
  return new OciError(
    "gate-refused",
    `${directory}: expected a directory of sources as the context, got a saved OCI layout`,
    { details: { paths: [""] }, hint: `Name it as oci-layout://${directory} instead.` },
  );
}

/** A pattern that matches just this path, in the words of an ignore file. */
function patternOf(path: string): string {
  return path.replace(/[*?[\]\\]/g, "\\$&");
}
