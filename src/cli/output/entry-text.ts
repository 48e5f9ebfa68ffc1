// SPDX-License-Identifier: MIT
import { toText, type ByteString } from "../../bytes/byte-string.ts";
import type { Looked } from "../../disk/look/look-at-reference.ts";
import type { EntryDescription, EntryType } from "../../rootfs/look/describe-entries.ts";
import type { Node } from "../../rootfs/root-filesystem.ts";

/** The letters of the types, as in the first column of `ls -l`. A whiteout has `w` there, as in BSD's. */
const TYPE_LETTERS: Readonly<Record<EntryType, string>> = Object.freeze({
  file: "-",
  directory: "d",
  symlink: "l",
  character: "c",
  block: "b",
  fifo: "p",
  socket: "s",
  whiteout: "w",
});

/** Type and permissions as `ls -l` writes them: `-rwsr-xr-x`. */
export function modeText({ node, type }: Pick<EntryDescription, "node" | "type">): string {
  const permissions = [6, 3, 0].map((shift) => {
    const bits = (node.mode >> shift) & 7;
    const special = (node.mode >> (9 + shift / 3)) & 1;
    const [withX, withoutX] = shift === 0 ? "tT" : "sS";
    const last = bits & 1 ? (special ? withX : "x") : special ? withoutX : "-";
    return `${bits & 4 ? "r" : "-"}${bits & 2 ? "w" : "-"}${last!}`;
  });
  return TYPE_LETTERS[type] + permissions.join("");
}

/** The permissions as four octal digits. */
export function octalMode({ mode }: Node): string {
  return mode.toString(8).padStart(4, "0");
}

/** `2024-05-01T12:00:00Z`; a time that no calendar has is given in seconds since 1970, as `@1e300`. */
export function timeText({ mtime }: Pick<Node, "mtime">): string {
  const date = new Date(mtime * 1000);
  return Number.isNaN(date.getTime()) ? `@${mtime}` : date.toISOString().replace(".000Z", "Z");
}

/** As {@link timeText}, with nanoseconds where they are not zero. */
export function exactTimeText({ mtime, mtimeNanoseconds }: Node): string {
  const text = timeText({ mtime });
  if (mtimeNanoseconds === 0) return text;
  const fraction = `.${String(mtimeNanoseconds).padStart(9, "0")}`;
  return text.endsWith("Z") ? `${text.slice(0, -1)}${fraction}Z` : `${text}${fraction}`;
}

/** The path of an entry, and what it leads to or removes. */
export function nameText({ path, node, removes }: EntryDescription): string {
  const name = toText(path);
  if (removes !== undefined) return `${name} removes ${removedText(removes)}`;
  return node.type === "symlink" ? `${name} -> ${toText(node.linkTarget)}` : name;
}

/** What a whiteout removes, for people. */
export function removedText(removes: ByteString): string {
  return removes.endsWith("/") ? `all in ${toText(removes)}` : toText(removes);
}

/** `ls -l`: mode, links, owner, group, size or device numbers, time, name; numbers end where their columns end. */
export function longLines(entries: readonly EntryDescription[]): string[] {
  const rows = entries.map(longRow);
  const widths = [1, 2, 3, 4].map((column) =>
    rows.reduce((most, row) => Math.max(most, row[column]!.length), 0),
  );
  return rows.map(([mode, ...rest]) =>
    [mode, ...rest.map((cell, at) => cell.padStart(widths[at] ?? 0))].join(" "),
  );
}

/** The columns of `ls -l`. */
export function longRow(entry: EntryDescription): string[] {
  const { node, links } = entry;
  return [
    modeText(entry),
    String(links),
    String(node.uid),
    String(node.gid),
    isDevice(node) ? deviceText(node) : String(node.size),
    timeText(node),
    nameText(entry),
  ];
}

/** Whether a node has device numbers. */
export function isDevice({ type }: Node): boolean {
  return type === "character" || type === "block";
}

/** `1, 3`: the numbers of a device. */
export function deviceText({ deviceMajor, deviceMinor }: Node): string {
  return `${deviceMajor}, ${deviceMinor}`;
}

/** The bytes of an attribute's value in hex, as `0x01000002`. */
export function hexText(value: ByteString): string {
  return `0x${Buffer.from(value, "latin1").toString("hex")}`;
}

/** An entry for programs. A plain directory's files have a digest only where `withDigest` asks to read them. */
export function entryDocument(entry: EntryDescription, withDigest: boolean): object {
  const { path, node, type, links, layer, removes } = entry;
  const digest = withDigest ? node.contentDigest : undefined;
  return {
    path: toText(path),
    type,
    mode: octalMode(node),
    uid: node.uid,
    gid: node.gid,
    size: node.size,
    mtime: exactTimeText(node),
    links,
    ...(node.type === "symlink" && { target: toText(node.linkTarget) }),
    ...(isDevice(node) && { device: { major: node.deviceMajor, minor: node.deviceMinor } }),
    ...(digest !== undefined && { digest }),
    ...(layer !== undefined && { layer }),
    ...(removes !== undefined && { removes: toText(removes) }),
  };
}

/** What was listed or found, for programs. */
export function lookedDocument({ name, image, entries }: Looked): object {
  return {
    root: name,
    ...(image && { digest: image.digest }),
    entries: entries.map((entry) => entryDocument(entry, image !== undefined)),
  };
}
