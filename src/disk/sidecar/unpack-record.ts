// SPDX-License-Identifier: MIT
import { lstatSync, readdirSync } from "node:fs";
import { join } from "node:path";
import * as z from "zod";
import { isDigest, type DiffId, type Digest } from "../../oci/digest.ts";
import { isOciError, OciError } from "../../oci/errors.ts";
import { parseJson } from "../../oci/json.ts";
import { limitExceeded } from "../../oci/limits.ts";
import { quote } from "../../oci/quote.ts";
import { readWholeFile } from "./read-whole-file.ts";
import {
  checkSidecarPlace,
  damaged,
  PROVEN_FILE,
  prepareSidecar,
  RECORD_FILE,
  replaceFile,
  TREE_FILE,
} from "./sidecar-files.ts";

export { sidecarOf } from "./sidecar-files.ts";

/** The version of the sidecar that this library writes and reads. */
export const SIDECAR_VERSION = 1;

/** Bytes of a record that are written and read: more than the diffIDs of any image within the limits, and patterns. */
export const LARGEST_RECORD = 64 * 1024 * 1024;

const digest = z.custom<Digest>(
  (value) => typeof value === "string" && isDigest(value),
  "a digest",
);
const diffId = z.custom<DiffId>(
  (value) => typeof value === "string" && isDigest(value),
  "a digest",
);
const number = z.int().nonnegative();
const idMap = z.array(z.strictObject({ image: number, disk: number, size: number })).readonly();
const file = z.strictObject({ size: number, digest });
const reasons = z.record(z.string(), z.string()).readonly();

const RECORD = z
  .strictObject({
    version: z.literal(SIDECAR_VERSION),
    /** `writing` from before the first change in the directory until all of it is proven, then `complete`. */
    state: z.enum(["writing", "complete"]),
    /** The manifest's digest, and the image's name for people. */
    image: z.strictObject({ digest, name: z.string() }).readonly(),
    /** The diffIDs of all layers of the image, the lowest first. */
    diffIds: z.array(diffId).readonly(),
    /** Set when only one layer was unpacked: its number, from 0. */
    layer: number.optional(),
    /** Set when only some paths were unpacked: the patterns that select them. */
    include: z.array(z.string()).readonly().optional(),
    /** Whether `layers/` holds what is needed to restore the exact bytes of the layers. */
    exact: z.boolean(),
    sameOwner: z.boolean(),
    uidMap: idMap,
    gidMap: idMap,
    rootlessXattr: z.boolean(),
    /** The user who unpacked. Where owners were not set, files that this user makes later belong to 0:0 in the image. */
    user: z.strictObject({ uid: number, gid: number }).readonly(),
    /** While `writing`: the name of the directory inside in which files are made before they get their final names. */
    staging: z.string().optional(),
    /** When `complete`: what the disk refused, with reasons for people; at most a thousand attributes. */
    refusals: z
      .strictObject({ owner: z.string().optional(), special: reasons, xattrs: reasons })
      .readonly()
      .optional(),
    /** When `complete`: how many paths there are, and for each field how many paths the disk does not show as in the image. */
    counts: z
      .strictObject({
        paths: number,
        held: z
          .strictObject({ owner: number, type: number, mode: number, time: number, xattrs: number })
          .readonly(),
      })
      .readonly()
      .optional(),
    /** When `complete`: the other files of the sidecar, so that damage to them is detected. */
    files: z.strictObject({ tree: file.readonly(), placed: file.readonly() }).readonly().optional(),
  })
  .readonly();

/** `sidecar.json`: what was unpacked, how, and whether it was finished. docs/sidecar.md describes it. */
export type UnpackRecord = z.infer<typeof RECORD>;

/** For each field: how many paths the disk does not show as in the image. */
export type HeldCounts = NonNullable<UnpackRecord["counts"]>["held"];

/** A file of the sidecar, as it was written. */
export type RecordedFile = NonNullable<UnpackRecord["files"]>["tree"];

/**
 * The record of a sidecar; undefined when there is no sidecar.
 * @throws OciError `invalid-sidecar` when it is damaged or of another version, `unreadable`;
 * `invalid-argument` when something else lies in its place
 */
export function readRecord(sidecar: string): UnpackRecord | undefined {
  checkSidecarPlace(sidecar);
  const bytes = readWholeFile(join(sidecar, RECORD_FILE));
  if (bytes === undefined) {
    if (holdsFiles(sidecar))
      throw damaged(sidecar, RECORD_FILE, "expected the record, got no file");
    return undefined;
  }
  let value: unknown;
  try {
    value = parseJson(bytes, { what: RECORD_FILE, limits: { documentBytes: LARGEST_RECORD } });
  } catch (cause) {
    if (!isOciError(cause)) throw cause;
    throw damaged(sidecar, RECORD_FILE, cause.message, cause);
  }
  const version =
    typeof value === "object" && value !== null && "version" in value && value.version;
  if (typeof version === "number" && version !== SIDECAR_VERSION)
    throw unknownVersion(sidecar, version);
  const parsed = RECORD.safeParse(value);
  if (!parsed.success) throw damaged(sidecar, RECORD_FILE, explain(parsed.error), parsed.error);
  const record = parsed.data;
  if (record.state === "complete" && (record.files === undefined || record.counts === undefined)) {
    throw damaged(sidecar, RECORD_FILE, "expected the digests of the other files, got none");
  }
  return record;
}

/**
 * Writes the record atomically, and makes the sidecar's directory if it is missing.
 * @throws OciError `unwritable`, `not-found` when the parent directory does not exist; `limit-exceeded` for a
 * record that {@link readRecord} would refuse
 */
export function writeRecord(sidecar: string, record: UnpackRecord): void {
  const bytes = new TextEncoder().encode(`${JSON.stringify(record, undefined, 2)}\n`);
  if (bytes.length > LARGEST_RECORD) {
    const [what, allowed, got] = [join(sidecar, RECORD_FILE), LARGEST_RECORD, bytes.length];
    throw limitExceeded({ what, allowed, got, unit: "bytes" });
  }
  prepareSidecar(sidecar);
  replaceFile(sidecar, RECORD_FILE, bytes);
}

/** Whether a directory is a sidecar that lost its record. An empty one is not: its maker was interrupted before writing anything. */
function holdsFiles(sidecar: string): boolean {
  if (lstatSync(sidecar, { throwIfNoEntry: false })?.isDirectory() !== true) return false;
  const names = readdirSync(sidecar);
  return [TREE_FILE, PROVEN_FILE, "layers"].some((name) => names.includes(name));
}

function explain(error: z.ZodError): string {
  const [issue] = error.issues;
  return `${quote(issue?.path.join("."))}: ${issue?.message ?? "not as expected"}`;
}

function unknownVersion(sidecar: string, version: number): OciError {
  return new OciError(
    "invalid-sidecar",
    `${JSON.stringify(sidecar)}: expected a sidecar of version ${SIDECAR_VERSION}, got ${version}`,
    {
      details: { sidecar, version },
      hint: "A newer oci-kit wrote it: use that one, or unpack into another directory.",
    },
  );
}
