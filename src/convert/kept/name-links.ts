// SPDX-License-Identifier: MIT
import { readdirSync, readlinkSync, renameSync, symlinkSync, unlinkSync } from "node:fs";
import { basename, join } from "node:path";
import { OciError } from "../../oci/errors.ts";
import { quote } from "../../oci/quote.ts";
import { fileError, systemCode, writing } from "../../files/system-error.ts";
import { makeDirectories } from "../../files/make-directories.ts";
import { ownedName, sweepAbandoned } from "../../files/owned-name.ts";
import { syncDirectory } from "../../files/sync/sync-directory.ts";
import { digestOfKey, type ConversionKey } from "./conversion-key.ts";
import { decodeName, encodeName } from "./name-encoding.ts";

/** One file in the directory of names. */
export type NameEntry =
  | { readonly name: string; readonly key: ConversionKey }
  /** Not a name of ours. `name` is the decoded name or, if it can't be decoded, the file name. */
  | { readonly name: string; readonly key?: undefined; readonly problem: OciError };

/** Names as relative symbolic links to conversions, in a directory of their own. */
export interface Names {
  /**
   * Undefined if there is no such name. @throws OciError `unreadable`, `invalid-layout` if something else
   * is in its place
   */
  read(name: string): ConversionKey | undefined;
  /**
   * Points a name to this conversion, whatever it pointed to before, in one durable step. @throws OciError
   * `invalid-layout`, `unwritable`
   */
  point(name: string, key: ConversionKey): void;
  /** Removes a name, or any other link in its place, durably. False if there is none. */
  remove(name: string): boolean;
  /** Everything in the directory, sorted by file name. @throws OciError `unreadable`, `not-found` */
  list(): NameEntry[];
  /** Removes what killed processes left. */
  sweep(): void;
}

const NEW = ".new";
const ABANDONED_AGE = 24 * 3600_000;

/**
 * Opens the names in `directory`, which link to conversions in `conversions` beside it. Creates nothing and
 * keeps nothing open.
 */
export function openNames(directory: string, conversions: string): Names {
  const toConversions = `../${basename(conversions)}/`;
  const fileOf = (name: string): string => join(directory, encodeName(name));
  return {
    read: (name) => readKey(fileOf(name), toConversions),
    point(name, key) {
      const file = fileOf(name);
      readTarget(file); // throws for anything but a link, so that nothing foreign is replaced
      writing(directory, () => makeDirectories(directory));
      const fresh = join(directory, ownedName(NEW));
      writing(file, () => {
        symlinkSync(toConversions + key, fresh);
        renameSync(fresh, file);
        syncDirectory(directory);
      });
    },
    remove(name) {
      const file = fileOf(name);
      if (readTarget(file) === undefined) return false;
      writing(file, () => {
        unlinkSync(file);
        syncDirectory(directory);
      });
      return true;
    },
    list: () =>
      listFiles(directory).flatMap((file) => entryOf(join(directory, file), toConversions) ?? []),
    sweep: () => sweepAbandoned(directory, NEW, ABANDONED_AGE),
  };
}

function listFiles(directory: string): string[] {
  try {
    return readdirSync(directory)
      .filter((file) => !file.startsWith(NEW))
      .sort();
  } catch (error) {
    throw fileError("unreadable", directory, error);
  }
}

/** Undefined if the name was removed in the meantime. */
function entryOf(file: string, toConversions: string): NameEntry | undefined {
  const name = decodeName(basename(file));
  if (name === undefined) {
    const problem = malformed(file, "the file name of a name", basename(file));
    return { name: basename(file), problem };
  }
  try {
    const key = readKey(file, toConversions);
    return key === undefined ? undefined : { name, key };
  } catch (error) {
    if (error instanceof OciError) return { name, problem: error };
    throw error;
  }
}

/** The key of the conversion that a link leads to; undefined if there is no link. */
function readKey(file: string, toConversions: string): ConversionKey | undefined {
  const target = readTarget(file);
  if (target === undefined) return undefined;
  const key = target.startsWith(toConversions) ? target.slice(toConversions.length) : "";
  if (digestOfKey(key) !== undefined) return key;
  throw malformed(file, `a link to ${toConversions}<algorithm>-<hex>`, target);
}

function readTarget(file: string): string | undefined {
  try {
    return readlinkSync(file);
  } catch (error) {
    if (systemCode(error) === "ENOENT") return undefined;
    if (systemCode(error) === "EINVAL") throw malformed(file, "a symbolic link", "something else");
    throw fileError("unreadable", file, error);
  }
}

function malformed(file: string, expected: string, got: string): OciError {
  return new OciError("invalid-layout", `${quote(file)}: expected ${expected}, got ${quote(got)}`, {
    details: { file },
    hint: "Only oci-kit writes there: move it away, or remove it.",
  });
}
