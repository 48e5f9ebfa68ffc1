// SPDX-License-Identifier: MIT
import { toText, type ByteString } from "../../bytes/byte-string.ts";
import { OciError } from "../../oci/errors.ts";
import { systemCode, systemReason } from "../../files/system-error.ts";

const REASONS: Readonly<Record<string, readonly [why: string, hint?: string]>> = Object.freeze({
  ENAMETOOLONG: ["the name is longer than this disk takes", "Unpack onto another disk."],
  EILSEQ: ["this disk does not take the name", "Unpack onto another disk."],
  EINVAL: ["this disk does not take it", "Unpack onto another disk."],
  // Node's own code, for a name with a zero byte
  ERR_INVALID_ARG_VALUE: ["no disk takes the name"],
  ENOSPC: ["the disk is full", "Make room and run it again: what is done already is kept."],
  EDQUOT: ["the quota is used up", "Make room and run it again: what is done already is kept."],
  ENOTDIR: ["something else is in its place", "Let nobody else change the directory meanwhile."],
  ELOOP: ["a link is in its place", "Let nobody else change the directory meanwhile."],
  ENOENT: ["it is not there any more", "Let nobody else change the directory meanwhile."],
});
const LONGEST_SHOWN = 300;

/** The error for a path in a root that could not be written. The system's error is its cause. */
export function unwritableAt(root: string, path: ByteString, cause: unknown): OciError {
  if (cause instanceof OciError) return cause;
  const code = systemCode(cause);
  const [why, hint] = REASONS[code ?? ""] ?? [systemReason(cause), undefined];
  return new OciError("unwritable", `${root}: ${showPath(path)} can't be written: ${why}`, {
    cause,
    details: { path, errno: code },
    ...(hint !== undefined && { hint }),
  });
}

/** Shortens long paths for messages: even of a 64 KiB path, the end tells enough. */
function showPath(path: ByteString): string {
  return path.length <= LONGEST_SHOWN
    ? toText(path)
    : `…${toText(path.slice(-LONGEST_SHOWN) as ByteString)}`;
}
