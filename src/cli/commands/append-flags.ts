// SPDX-License-Identifier: MIT
import { fromText } from "../../bytes/byte-string.ts";
import { composeEdits, type EntryEdit } from "../../layer/edit/edit-entry.ts";
import { changeMode, changeOwner, clampTimes, setTimes } from "../../layer/edit/edit-metadata.ts";
import { parseModeChange } from "../../layer/edit/parse-mode-change.ts";
import { dropPaths, renamePaths } from "../../layer/edit/edit-paths.ts";
import { normalisePath } from "../../layer/normalise-path.ts";
import { OciError } from "../../oci/errors.ts";
import { quote } from "../../oci/quote.ts";
import { compileGlob } from "../../rootfs/glob.ts";
import type { ReferenceFlags } from "../input/reference-options.ts";

/** The flags of `oci-kit append`, as they were typed. */
export interface AppendFlags extends ReferenceFlags {
  readonly layer: readonly string[];
  readonly drop?: readonly string[];
  readonly rename?: readonly string[];
  readonly prefix?: string;
  readonly chown?: string;
  readonly chmod?: string;
  readonly mtime?: string;
  readonly clampMtime?: true;
  readonly compression?: string;
}

/**
 * The edit that flags make to the entries of new layers: drop, rename, prefix, owner, mode and time, in this
 * order. Undefined when no flag changes entries.
 * @param epoch the value of SOURCE_DATE_EPOCH
 * @param used gets each pattern of --drop and each path of --rename that some entry matched
 * @throws OciError `invalid-argument`, `path-escape`
 */
export function entryEditOf(
  flags: AppendFlags,
  epoch: number | undefined,
  used: Set<string>,
): EntryEdit | undefined {
  const { drop = [], rename = [], prefix, chown, chmod } = flags;
  const edits: EntryEdit[] = [
    ...(drop.length > 0 ? [dropOf(drop, used)] : []),
    ...rename.map((text) => renameOf(text, used)),
    ...(prefix === undefined ? [] : [renamePaths(fromText("/"), fromText(prefix))]),
    ...(chown === undefined ? [] : [changeOwner(ownerOf(chown))]),
    ...(chmod === undefined ? [] : [changeMode(parseModeChange(chmod))]),
    ...timesOf(flags, epoch),
  ];
  return edits.length === 0 ? undefined : composeEdits(...edits);
}

/** What --drop and --rename name, as they were typed, and no entry matched. */
export function unusedPatterns(
  { drop = [], rename = [] }: AppendFlags,
  used: ReadonlySet<string>,
): string[] {
  return [
    ...drop
      .filter((pattern) => !used.has(`--drop ${pattern}`))
      .map((text) => `--drop ${quote(text)}`),
    ...rename
      .filter((text) => !used.has(`--rename ${text}`))
      .map((text) => `--rename ${quote(text)}`),
  ];
}

function dropOf(patterns: readonly string[], used: Set<string>): EntryEdit {
  const globs = patterns.flatMap((pattern) =>
    compileGlob(normalisePath(fromText(pattern))).map((glob) => ({ pattern, glob })),
  );
  return dropPaths((path) => {
    const matching = globs.filter(({ glob }) => glob.matches(path));
    for (const { pattern } of matching) used.add(`--drop ${pattern}`);
    return matching.length > 0;
  });
}

function renameOf(text: string, used: Set<string>): EntryEdit {
  const equals = text.indexOf("=");
  if (equals < 0) throw wrong("--rename", "FROM=TO", text);
  const rename = renamePaths(fromText(text.slice(0, equals)), fromText(text.slice(equals + 1)));
  return (entry) => {
    const renamed = rename(entry);
    if (renamed !== entry) used.add(`--rename ${text}`);
    return renamed;
  };
}

function ownerOf(text: string): { readonly uid?: number; readonly gid?: number } {
  const [, uid = "", gid = ""] = /^(\d{0,10})(?::(\d{0,10}))?$/.exec(text) ?? [];
  if (uid + gid === "") throw wrong("--chown", "numbers as 0:0, 1000 or :50", text);
  return { ...(uid && { uid: Number(uid) }), ...(gid && { gid: Number(gid) }) };
}

function timesOf({ mtime, clampMtime }: AppendFlags, epoch: number | undefined): EntryEdit[] {
  if (mtime === undefined && clampMtime === undefined) return [];
  if (mtime !== undefined && !/^\d{1,12}$/.test(mtime)) {
    throw wrong("--mtime", "seconds since 1970", mtime);
  }
  const seconds = mtime === undefined ? epoch : Number(mtime);
  if (seconds === undefined) {
    throw wrong("--clamp-mtime", "--mtime or SOURCE_DATE_EPOCH with it", undefined);
  }
  return [clampMtime === true ? clampTimes(seconds) : setTimes(seconds)];
}

function wrong(flag: string, expected: string, got: string | undefined): OciError {
  return new OciError("invalid-argument", `${flag}: expected ${expected}, got ${quote(got)}`);
}
