// SPDX-License-Identifier: MIT
import { fromText } from "../../bytes/byte-string.ts";
import { OciError } from "../../oci/errors.ts";
import type { FindQuery, ModeQuery } from "../../rootfs/look/find-entries.ts";
import type { EntryType } from "../../rootfs/look/describe-entries.ts";
import type { Node } from "../../rootfs/root-filesystem.ts";
import { parseSize } from "../input/values/size.ts";

/** The flags of `find` that say what is looked for. */
export interface QueryFlags {
  readonly name?: readonly string[];
  readonly path?: readonly string[];
  readonly type?: readonly string[];
  readonly size?: string;
  readonly mode?: string;
  readonly owner?: string;
  readonly newer?: string;
}

type Time = Pick<Node, "mtime" | "mtimeNanoseconds">;

const TYPES: ReadonlyMap<string, EntryType> = new Map([
  ["f", "file"],
  ["d", "directory"],
  ["l", "symlink"],
  ["c", "character"],
  ["b", "block"],
  ["p", "fifo"],
  ["s", "socket"],
  ["w", "whiteout"],
]);

/**
 * Parses what is looked for. `timeOf` returns the node at a path of the image that `--newer` names.
 * @throws OciError `invalid-argument`; what `timeOf` throws
 */
export async function parseQuery(
  flags: QueryFlags,
  timeOf: (path: string) => Promise<Time>,
): Promise<FindQuery> {
  const { compileGlob } = await import("../../rootfs/glob.ts");
  const globs = (texts: readonly string[] | undefined) =>
    texts?.flatMap((text) => compileGlob(fromText(text)));
  for (const text of flags.path ?? []) checkAbsolute(text);
  for (const text of flags.name ?? []) checkName(text);
  return {
    name: globs(flags.name),
    path: globs(flags.path),
    types: flags.type?.map(parseType),
    size: flags.size === undefined ? undefined : parseSizes(flags.size),
    mode: flags.mode === undefined ? undefined : parseMode(flags.mode),
    ...(flags.owner !== undefined && parseOwner(flags.owner)),
    newerThan: flags.newer === undefined ? undefined : await parseTime(flags.newer, timeOf),
  };
}

function parseType(text: string): EntryType {
  const type = TYPES.get(text) ?? [...TYPES.values()].find((name) => name === text);
  if (type !== undefined) return type;
  const words = [...TYPES].map(([letter, name]) => `${letter} (${name})`);
  throw wrong("--type", `one of ${words.join(", ")}`, text);
}

function checkAbsolute(text: string): void {
  if (/^[/{*]/.test(text)) return;
  throw wrong("--path", `a pattern of absolute paths, as '/usr/**/*.a'`, text);
}

function checkName(text: string): void {
  if (text === "/" || !text.includes("/")) return;
  throw wrong("--name", "a pattern of the last part alone (--path is for whole paths)", text);
}

function parseSizes(text: string): NonNullable<FindQuery["size"]> {
  const [sign, rest] = /^[+-]/.test(text) ? [text[0], text.slice(1)] : ["", text];
  const size = parseSize("--size", rest);
  if (sign === "+") return { from: size + 1, to: Infinity };
  return sign === "-" ? { from: 0, to: size - 1 } : { from: size, to: size };
}

const MATCHES: Readonly<Record<string, ModeQuery["match"]>> = {
  "": "exactly",
  "-": "all",
  "/": "any",
};

function parseMode(text: string): ModeQuery {
  const [, sign = "", bits] = /^([-/]?)([0-7]{1,4})$/.exec(text) ?? [];
  if (bits === undefined) throw wrong("--mode", "octal digits as 0755, -4000 or /6000", text);
  return { match: MATCHES[sign]!, bits: Number.parseInt(bits, 8) };
}

function parseOwner(text: string): Pick<FindQuery, "uid" | "gid"> {
  const [, uid = "", gid = ""] = /^(\d{0,10})(?::(\d{1,10}))?$/.exec(text) ?? [];
  if (uid === "" && gid === "") {
    throw wrong(
      "--owner",
      "numbers as 0, 1000:1000 or :50 (the image's users are in its /etc/passwd)",
      text,
    );
  }
  return { ...(uid !== "" && { uid: Number(uid) }), ...(gid !== "" && { gid: Number(gid) }) };
}

async function parseTime(text: string, timeOf: (path: string) => Promise<Time>): Promise<Time> {
  if (text.startsWith("/")) return timeOf(text);
  const isDate = /^\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:\d{2})?)?$/.test(
    text,
  );
  // Without a zone it is UTC, as all times that are printed.
  const zoned = /T/.test(text) && !/(Z|[+-]\d{2}:\d{2})$/.test(text) ? `${text}Z` : text;
  const milliseconds = isDate ? Date.parse(zoned) : Number.NaN;
  if (Number.isNaN(milliseconds)) {
    throw wrong(
      "--newer",
      "a time as 2024-05-01 or 2024-05-01T12:00:00Z, or an absolute path of the image",
      text,
    );
  }
  const mtime = Math.floor(milliseconds / 1000);
  return { mtime, mtimeNanoseconds: (milliseconds - mtime * 1000) * 1e6 };
}

function wrong(option: string, expected: string, got: string): OciError {
  return new OciError(
    "invalid-argument",
    `${option}: expected ${expected}, got ${JSON.stringify(got)}`,
  );
}
