// SPDX-License-Identifier: MIT
import type { ByteString } from "../../bytes/byte-string.ts";

/** Where dpkg keeps what it knows of each package. */
export const DPKG_INFO = "/var/lib/dpkg/info" as ByteString;
/** What is installed, a paragraph for each package. */
export const DPKG_STATUS = "/var/lib/dpkg/status" as ByteString;
/** Where images without dpkg itself (distroless) have a file for each package. */
export const DPKG_STATUS_DIRECTORY = "/var/lib/dpkg/status.d" as ByteString;
export const DPKG_DIVERSIONS = "/var/lib/dpkg/diversions" as ByteString;

/** The package that a file among dpkg's own is about: `libc6` for `libc6:amd64.list` and `libc6:amd64.postinst`. */
export function dpkgPackage(name: ByteString): ByteString {
  const dot = name.lastIndexOf(".");
  const base = dot < 0 ? name : name.slice(0, dot);
  const colon = base.indexOf(":");
  return (colon < 0 ? base : base.slice(0, colon)) as ByteString;
}

/** The paths of a `.list`: one a line, `/.` for the root. Lines that are no absolute path are left out. */
export function parseDpkgList(text: ByteString): ByteString[] {
  return linesOf(text).filter((line) => line.startsWith("/") && line !== "/.");
}

/** The paths of an `.md5sums`: lines of a sum, two blanks, and a path without its first slash. */
export function parseMd5sums(text: ByteString): ByteString[] {
  const paths: ByteString[] = [];
  for (const line of linesOf(text)) {
    const blanks = line.indexOf("  ");
    if (blanks > 0 && blanks + 2 < line.length)
      paths.push(`/${line.slice(blanks + 2)}` as ByteString);
  }
  return paths;
}

/**
 * The packages of a `status` whose source has another name, with it: paragraphs of fields, `Package: libssl3t64` and
 * `Source: openssl (3.5.1-1)`.
 */
export function* parseDpkgStatus(
  text: ByteString,
): Generator<readonly [name: ByteString, source: ByteString]> {
  let name = "" as ByteString;
  let source = "" as ByteString;
  for (const line of `${text}\n`.split("\n")) {
    if (line.startsWith("Package: ")) name = line.slice(9).trim() as ByteString;
    else if (line.startsWith("Source: ")) source = firstWord(line.slice(8).trim());
    if (line !== "") continue;
    if (name !== "" && source !== "") yield [name, source];
    name = source = "" as ByteString;
  }
}

function firstWord(text: string): ByteString {
  const blank = text.indexOf(" ");
  return (blank < 0 ? text : text.slice(0, blank)) as ByteString;
}

/** One file that a package's record names, and which lies elsewhere because another package diverted it. */
export interface Diversion {
  readonly to: ByteString;
  /** The package that diverted it, and whose own file stays in the place; `:` for the administrator. */
  readonly by: ByteString;
}

/** Parses dpkg's diversions: three lines for each, from, to, and the package. An incomplete last one is left out. */
export function parseDiversions(text: ByteString): ReadonlyMap<ByteString, Diversion> {
  const lines = linesOf(text);
  const diversions = new Map<ByteString, Diversion>();
  for (let at = 0; at + 2 < lines.length; at += 3) {
    diversions.set(lines[at]!, { to: lines[at + 1]!, by: lines[at + 2]! });
  }
  return diversions;
}

function linesOf(text: ByteString): ByteString[] {
  return (text.split("\n") as ByteString[]).filter((line) => line !== "");
}
