// SPDX-License-Identifier: MIT
import { toText, type ByteString } from "../../bytes/byte-string.ts";
import type { Node } from "../root-filesystem.ts";

/** A property that is compared. `names` is the set of paths that are one file (hard links). */
export type ComparedField =
  "type" | "mode" | "owner" | "time" | "link" | "device" | "size" | "content" | "xattrs" | "names";

/** All compared fields, in the order in which differences are reported. */
export const COMPARED_FIELDS: readonly ComparedField[] = Object.freeze([
  "type",
  "mode",
  "owner",
  "time",
  "link",
  "device",
  "size",
  "content",
  "xattrs",
  "names",
]);

/** One field that differs, with both values as text for people. */
export interface FieldDifference {
  readonly field: ComparedField;
  readonly expected: string;
  readonly got: string;
  /** The extended attribute that differs; each one is reported as a difference of its own. */
  readonly xattr?: ByteString | undefined;
}

/** Options of {@link compareNodes}. */
export interface CompareNodesOptions {
  readonly ignore?: readonly ComparedField[] | undefined;
  /** Says which extended attributes to ignore. */
  readonly ignoreXattr?: ((name: ByteString) => boolean) | undefined;
  /**
   * Called for two files of equal size when at least one has no digest. Returns whether their content is
   * the same, or undefined when that cannot be told.
   */
  readonly sameContent?:
    ((path: ByteString, expected: Node, actual: Node) => boolean | undefined) | undefined;
}

/** What {@link compareNodes} found. */
export interface NodeComparison {
  readonly fields: readonly FieldDifference[];
  /** True when the contents have equal size but could not be compared. */
  readonly undecided: boolean;
}

const EQUAL: NodeComparison = Object.freeze({ fields: Object.freeze([]), undecided: false });
const UNDECIDED: NodeComparison = Object.freeze({ fields: Object.freeze([]), undecided: true });

/**
 * Compares what two root filesystems have at one path, except which paths are hard links. The mode of a
 * symbolic link is not compared, because it cannot be set; its time is.
 */
export function compareNodes(
  path: ByteString,
  expected: Node,
  actual: Node,
  options: CompareNodesOptions = {},
): NodeComparison {
  const { ignore } = options;
  const fields: FieldDifference[] = [];
  const differ = (field: ComparedField, [one, other]: readonly [string, string]): void => {
    if (ignore?.includes(field) !== true) fields.push({ field, expected: one, got: other });
  };
  const both = (show: (node: Node) => string): [string, string] => [show(expected), show(actual)];

  if (expected.type !== actual.type) differ("type", both(showType));
  if (hasMode(expected) && hasMode(actual) && expected.mode !== actual.mode)
    differ("mode", both(showMode));
  if (expected.uid !== actual.uid || expected.gid !== actual.gid) differ("owner", both(showOwner));
  if (expected.mtime !== actual.mtime || expected.mtimeNanoseconds !== actual.mtimeNanoseconds)
    differ("time", both(showTime));
  let undecided = false;
  if (expected.type === actual.type) {
    if (expected.linkTarget !== actual.linkTarget) differ("link", both(showLink));
    if (expected.deviceMajor !== actual.deviceMajor || expected.deviceMinor !== actual.deviceMinor)
      differ("device", both(showDevice));
    if (expected.size !== actual.size) differ("size", both(showSize));
    else if (expected.size > 0 && ignore?.includes("content") !== true) {
      const same = haveSameContent(path, expected, actual, options);
      undecided = same === undefined;
      if (same === false) differ("content", both(showContent));
    }
  }
  if (ignore?.includes("xattrs") !== true) compareXattrs(expected, actual, options, fields);
  if (fields.length === 0) return undecided ? UNDECIDED : EQUAL;
  return { fields, undecided };
}

function haveSameContent(
  path: ByteString,
  expected: Node,
  actual: Node,
  { sameContent }: CompareNodesOptions,
): boolean | undefined {
  // A node on disk reads the whole file for a digest, so ask only when there is one to compare with.
  const digest = expected.contentDigest;
  const other = digest === undefined ? undefined : actual.contentDigest;
  return other === undefined ? sameContent?.(path, expected, actual) : other === digest;
}

function compareXattrs(
  expected: Node,
  actual: Node,
  { ignoreXattr }: CompareNodesOptions,
  fields: FieldDifference[],
): void {
  const [ones, others] = [expected.xattrs, actual.xattrs];
  if (ones.size === 0 && others.size === 0) return;
  const names = [...new Set([...ones.keys(), ...others.keys()])].sort();
  for (const xattr of names) {
    const [one, other] = [ones.get(xattr), others.get(xattr)];
    if (one === other || ignoreXattr?.(xattr) === true) continue;
    fields.push({
      field: "xattrs",
      expected: showXattr(xattr, one),
      got: showXattr(xattr, other),
      xattr,
    });
  }
}

function hasMode(node: Node): boolean {
  return node.type !== "symlink";
}

const showType = (node: Node): string => node.type;
const showMode = (node: Node): string => node.mode.toString(8).padStart(4, "0");
const showOwner = (node: Node): string => `${node.uid}:${node.gid}`;
const showTime = (node: Node): string =>
  `${node.mtime}.${String(node.mtimeNanoseconds).padStart(9, "0")}`;
const showLink = (node: Node): string => toText(node.linkTarget);
const showDevice = (node: Node): string => `${node.deviceMajor}:${node.deviceMinor}`;
const showSize = (node: Node): string => String(node.size);
const showContent = (node: Node): string => node.contentDigest ?? "another content";

const LONGEST_VALUE = 64;

function showXattr(name: ByteString, value: ByteString | undefined): string {
  if (value === undefined) return `no ${toText(name)}`;
  const shown = value.slice(0, LONGEST_VALUE) as ByteString;
  const more = value.length > LONGEST_VALUE ? `… (${value.length} bytes)` : "";
  return `${toText(name)}="${toText(shown)}"${more}`;
}
