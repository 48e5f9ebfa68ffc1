// SPDX-License-Identifier: MIT
import { toText, type ByteString } from "../../bytes/byte-string.ts";
import { LayerFault } from "../format/layer-fault.ts";
import { parseCount, parseId } from "../format/numeric-field.ts";
import { Keyword, type PaxRecords } from "../format/pax-records.ts";
import { parseTime } from "../format/pax-time.ts";
import { isLink, type EntryDraft } from "./header-block.ts";

/** GNU's records about a sparse file, by keywords without the prefix `GNU.sparse.`. */
export type SparseRecords = ReadonlyMap<string, ByteString>;

const HEX_PAIR = /%([0-9a-fA-F]{2})/g;

type Apply = (draft: EntryDraft, value: ByteString) => void;

/** The records that set a field of an entry. */
const FIELDS: ReadonlyMap<string, Apply> = new Map<string, Apply>([
  ["path", (draft, value) => (draft.path = checkName(value, "path"))],
  ["linkpath", applyLinkPath],
  ["size", (draft, value) => (draft.size = parseCount(value, "size"))],
  ["uid", (draft, value) => (draft.uid = parseId(value, "uid"))],
  ["gid", (draft, value) => (draft.gid = parseId(value, "gid"))],
  ["uname", (draft, value) => (draft.userName = checkName(value, "uname"))],
  ["gname", (draft, value) => (draft.groupName = checkName(value, "gname"))],
  ["mtime", applyTime],
  ["SCHILY.devmajor", (draft, value) => (draft.deviceMajor = parseId(value, "SCHILY.devmajor"))],
  ["SCHILY.devminor", (draft, value) => (draft.deviceMinor = parseId(value, "SCHILY.devminor"))],
  // Says how to decode names. Here names stay bytes.
  ["hdrcharset", () => undefined],
]);

function applyLinkPath(draft: EntryDraft, value: ByteString): void {
  const target = checkName(value, "linkpath");
  if (isLink(draft.type)) draft.linkTarget = target;
}

function applyTime(draft: EntryDraft, value: ByteString): void {
  const time = parseTime(value, "mtime");
  draft.mtime = time.seconds;
  draft.mtimeNanoseconds = time.nanoseconds;
}

/** Whether a PAX keyword sets a field of {@link Entry}, so that it can't be one of its extensions. */
export function isFieldKeyword(key: ByteString): boolean {
  return (
    FIELDS.has(key) ||
    key.startsWith(Keyword.xattr) ||
    key.startsWith(Keyword.libarchiveXattr) ||
    key.startsWith(Keyword.sparse)
  );
}

/**
 * Applies an entry's PAX records, which override its header. An empty value deletes the record, so that the
 * header's field counts; only an extended attribute may be empty. If an attribute is there in both forms,
 * Schily's counts: container runtimes read no other. Returns the records about a sparse file, if there are
 * any.
 * @throws LayerFault `invalid-layer`
 */
export function applyRecords(draft: EntryDraft, records: PaxRecords): SparseRecords | undefined {
  let xattrs: Map<ByteString, ByteString> | undefined;
  let sparse: Map<string, ByteString> | undefined;
  let extensions = draft.extensions.size === 0 ? undefined : draft.extensions;
  for (const [key, value] of records) {
    const apply = FIELDS.get(key);
    if (apply !== undefined) {
      if (value !== "") apply(draft, value);
    } else if (key.startsWith(Keyword.xattr)) {
      (xattrs ??= new Map()).set(xattrName(key.slice(Keyword.xattr.length)), value);
    } else if (value === "") {
      continue;
    } else if (key.startsWith(Keyword.libarchiveXattr)) {
      const name = xattrName(decodePercents(key.slice(Keyword.libarchiveXattr.length)));
      if (!records.has((Keyword.xattr + name) as ByteString)) {
        (xattrs ??= new Map()).set(name, decodeBase64(value));
      }
    } else if (key.startsWith(Keyword.sparse)) {
      (sparse ??= new Map()).set(key.slice(Keyword.sparse.length), value);
    } else (extensions ??= new Map()).set(key, value);
  }
  if (xattrs !== undefined) draft.xattrs = xattrs;
  if (extensions !== undefined) draft.extensions = extensions;
  return sparse;
}

/** @throws LayerFault for a NUL: no name can hold one, and readers written in C would stop at it */
export function checkName(value: ByteString, what: string): ByteString {
  if (!value.includes("\0")) return value;
  throw new LayerFault(
    "invalid-layer",
    `${what}: expected a name without NUL, got "${toText(value)}"`,
  );
}

function xattrName(name: string): ByteString {
  if (name === "") throw new LayerFault("invalid-layer", "extended attribute: expected a name");
  return checkName(name as ByteString, "extended attribute");
}

/** libarchive writes the names of attributes with the escapes of URLs. */
function decodePercents(name: string): string {
  return name.replace(HEX_PAIR, (_, pair: string) =>
    String.fromCharCode(Number.parseInt(pair, 16)),
  );
}

function decodeBase64(value: ByteString): ByteString {
  try {
    return atob(value) as ByteString;
  } catch {
    const got = toText(value.slice(0, 64) as ByteString);
    throw new LayerFault("invalid-layer", `extended attribute: expected base64, got "${got}"`);
  }
}
