// SPDX-License-Identifier: MIT
import { execFileSync, spawnSync } from "node:child_process";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { beforeAll, describe, expect, it } from "vitest";
import { createHasher } from "../../src/bytes/hash.ts";
import type { Entry } from "../../src/layer/entry.ts";
import { createLayerParser } from "../../src/layer/parse/layer-parser.ts";
import { makeScratch } from "./scratch.ts";
import { uudecode } from "./uudecode.ts";

// To learn what bsdtar reads from an archive, it is told to copy the archive in PAX format.

const scratch = makeScratch();
const encoded = scratch.path("encoded");
const script = fileURLToPath(new URL("../../scripts/libarchive-archives.sh", import.meta.url));
const list = fileURLToPath(new URL("../../docs/differences.md", import.meta.url));
const run = { env: { ...process.env, LC_ALL: "C.UTF-8" }, maxBuffer: 1 << 28 };

/** No layer is compressed in these ways, and the same archives are also there in other compressions. */
const OTHER_COMPRESSIONS = /\.(?:lzo|lrz|grz)\.uu$/;

const FIELDS = [
  ...["type", "path", "linkTarget", "mode", "uid", "gid", "userName", "groupName", "size"],
  ...["mtime", "mtimeNanoseconds", "deviceMajor", "deviceMinor", "xattrs", "content"],
] as const;

/**
 * Archives that we read differently from bsdtar: the fields that differ, or our error. docs/differences.md
 * gives the reasons.
 */
const LISTED: Readonly<Record<string, string>> = {
  "test_compat_plexus_archiver_tar.tar": "expected two blocks of zeros, got one",
  "test_compat_solaris_tar_acl.tar":
    'type: expected one of 0 to 7, S or an extended header, got "A"',
  "test_compat_star_acl_posix1e.tar": "mode",
  "test_gcpio_compat_ref_nosym.ustar": "deviceMajor deviceMinor",
  "test_pax_filename_encoding.tar": "bsdtar refuses",
  "test_read_format_gtar_sparse_1_17_posix10_modified.tar":
    "sparse map: expected a number, got a long line",
  "test_read_format_gtar_sparse_skip_entry.tar.Z":
    "sparse map: expected 10737417732 stored bytes, got 4100",
  "test_read_format_tar_empty_with_gnulabel.tar":
    'type: expected one of 0 to 7, S or an extended header, got "V"',
  "test_read_pax_xattr_rht_security_selinux.tar": "xattrs",
};

/** Everything that one entry contains, in comparable form. */
type Told = Readonly<Record<string, string>>;

beforeAll(() => {
  execFileSync(script, [encoded], { stdio: "pipe" });
});

describe("libarchive's test archives", () => {
  it("are read as bsdtar reads them, unless they are on the list", () => {
    const found: Record<string, string> = {};
    let equal = 0;
    for (const name of readdirSync(encoded).sort()) {
      if (!name.endsWith(".uu") || OTHER_COMPRESSIONS.test(name)) continue;
      const archive = scratch.path(name.slice(0, -3));
      writeFileSync(archive, uudecode(readFileSync(`${encoded}/${name}`, "latin1")));
      const difference = compareReadings(archive);
      if (difference === "") equal += 1;
      else found[name.slice(0, -3)] = difference;
    }
    console.log(`${equal} archives are read as bsdtar reads them`);
    expect(found).toEqual(LISTED);
    expect(equal).toBeGreaterThan(60);
  });

  it("are explained in the documentation when they are read differently", () => {
    const text = readFileSync(list, "utf8");
    expect(Object.keys(LISTED).filter((name) => !text.includes(name))).toEqual([]);
  });
});

/**
 * The fields that differ in any entry, or the error of the one program that refuses. Empty when there is no
 * difference, or when both refuse.
 */
function compareReadings(archive: string): string {
  const tar = spawnSync("bsdcat", [archive], run);
  if (tar.status !== 0) return `bsdcat: ${tar.stderr.toString()}`;
  const copied = spawnSync("bsdtar", ["--format=pax", "-cf", "-", `@${archive}`], run);
  const ours = readEntries(tar.stdout);
  if (copied.status !== 0) return typeof ours === "string" ? "" : "bsdtar refuses";
  if (typeof ours === "string") return ours;
  const theirs = readEntries(copied.stdout);
  if (typeof theirs === "string") throw new Error(`${archive}, as bsdtar copies it: ${theirs}`);
  if (theirs.length !== ours.length) return `${ours.length} entries instead of ${theirs.length}`;
  return FIELDS.filter((field) =>
    ours.some((entry, at) => entry[field] !== theirs[at]![field]),
  ).join(" ");
}

/** Every entry of a tar, or the reason why it is refused, without the position. */
function readEntries(tar: Buffer): Told[] | string {
  const told: Told[] = [];
  let entry: Entry | undefined;
  let hasher = createHasher("sha256");
  const finish = (): void => {
    if (entry !== undefined) told.push(tell(entry, hasher.hex()));
  };
  const parser = createLayerParser({
    entry(next) {
      finish();
      entry = next;
      hasher = createHasher("sha256");
    },
    data: (chunk) => {
      hasher.update(chunk);
    },
    end: finish,
  });
  try {
    parser.feed(new Uint8Array(tar));
    parser.end();
    return told;
  } catch (error) {
    return (error as Error).message.replace(
      /^layer: entry \d+.* at byte \d+: (?:end of the layer: )?/,
      "",
    );
  }
}

function tell(entry: Entry, content: string): Told {
  const xattrs = [...entry.xattrs].map((pair) => pair.join("=")).sort();
  const all: Record<string, unknown> = { ...entry, xattrs, content };
  return Object.fromEntries(FIELDS.map((field) => [field, JSON.stringify(all[field])]));
}
