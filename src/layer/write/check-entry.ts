// SPDX-License-Identifier: MIT
import { toText, type ByteString } from "../../bytes/byte-string.ts";
import { OciError } from "../../oci/errors.ts";
import { isFieldKeyword } from "../parse/apply-records.ts";
import type { Entry } from "../entry.ts";
import { LARGEST_ID } from "../format/numeric-field.ts";
import { isLink } from "../parse/header-block.ts";

/**
 * Checks that a tar can hold every field of an entry, so that writing loses and changes nothing.
 * @throws OciError `invalid-argument` with the name of the field
 */
export function checkEntry(entry: Entry): void {
  checkNumber(entry, "mode", 0o7777);
  checkNumber(entry, "uid", LARGEST_ID);
  checkNumber(entry, "gid", LARGEST_ID);
  checkNumber(entry, "deviceMajor", LARGEST_ID);
  checkNumber(entry, "deviceMinor", LARGEST_ID);
  checkNumber(entry, "mtimeNanoseconds", 999_999_999);
  checkNumber(entry, "size", entry.type === "file" ? Number.MAX_SAFE_INTEGER : 0);
  if (!Number.isSafeInteger(entry.mtime))
    throw refused(entry, "mtime", "whole seconds", entry.mtime);
  checkName(entry, "path");
  checkName(entry, "linkTarget");
  checkName(entry, "userName");
  checkName(entry, "groupName");
  if (entry.linkTarget !== "" && !isLink(entry.type)) {
    throw refused(entry, "linkTarget", `none for a ${entry.type}`, toText(entry.linkTarget));
  }
  for (const name of entry.xattrs.keys()) checkKey(entry, "xattrs", name);
  for (const [key, value] of entry.extensions) {
    checkKey(entry, "extensions", key);
    if (isFieldKeyword(key))
      throw refused(entry, "extensions", "no record of a field", toText(key));
    if (value === "") throw refused(entry, "extensions", "a value", `none for ${toText(key)}`);
  }
}

type NumberField =
  "mode" | "uid" | "gid" | "deviceMajor" | "deviceMinor" | "mtimeNanoseconds" | "size";

function checkNumber(entry: Entry, field: NumberField, largest: number): void {
  const value = entry[field];
  if (Number.isSafeInteger(value) && value >= 0 && value <= largest) return;
  const expected = largest === 0 ? `0 for a ${entry.type}` : `a whole number from 0 to ${largest}`;
  throw refused(entry, field, expected, value);
}

function checkName(entry: Entry, field: "path" | "linkTarget" | "userName" | "groupName"): void {
  const value = entry[field];
  if (value.includes("\0")) throw refused(entry, field, "bytes without NUL", toText(value));
}

function checkKey(entry: Entry, field: "xattrs" | "extensions", key: ByteString): void {
  if (key !== "" && !/[=\0]/.test(key)) return;
  throw refused(entry, field, "names without = and NUL", `"${toText(key)}"`);
}

function refused(entry: Entry, field: string, expected: string, got: string | number): OciError {
  return new OciError(
    "invalid-argument",
    `entry "${toText(entry.path)}" of a new layer: ${field}: expected ${expected}, got ${got}`,
    { details: { path: entry.path, field, got } },
  );
}
