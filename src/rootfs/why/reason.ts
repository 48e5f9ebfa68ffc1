// SPDX-License-Identifier: MIT
import type { ByteString } from "../../bytes/byte-string.ts";

/** Why two digests that could be one are two. */
export type ReasonCode =
  /** The entries of a layer come in another order. */
  | "order"
  | "time"
  /** The numbers of user and group. */
  | "owner"
  /** The names of user and group beside the numbers. */
  | "owner-name"
  | "mode"
  | "type"
  | "link"
  | "device"
  | "size"
  | "content"
  | "xattrs"
  /** A PAX record that says nothing of the file, as `atime`. */
  | "pax-record"
  | "only-in-one"
  | "only-in-other"
  /** Another form of a header that says the same. */
  | "header"
  /** Zeros after the last entry, or bytes between entries. */
  | "padding"
  /** One is gzip, the other zstd or not compressed. */
  | "compression"
  | "gzip-header"
  | "zstd-header"
  /** The same tar and the same kind of compression, by another program, version or level. */
  | "compressor"
  /** One image has more layers than the other. */
  | "layers"
  /** One index has other images than the other, or has them in another order. */
  | "platforms"
  | "created"
  | "history"
  | "annotation"
  /** Any other field of a document. */
  | "field"
  /** A document's keys are in another order. */
  | "key-order"
  /** White space in a document, or another spelling of the same value. */
  | "spelling";

/** One case of a reason. */
export interface ReasonCase {
  /** The entry of a layer, or undefined. */
  readonly path?: ByteString | undefined;
  /** What the first has; undefined where it has nothing. */
  readonly one?: string | undefined;
  /** What the second has; undefined where it has nothing. */
  readonly other?: string | undefined;
}

/** A reason why two digests differ, with how often it was found. */
export interface Reason {
  /** `index`, `manifest`, `configuration`, `layer 0`; with the platform before it where an index was compared. */
  readonly where: string;
  readonly code: ReasonCode;
  /** The field of a header or of a document, its keys joined by dots: `mtime`, `config.Env`, `history.0.created`. */
  readonly field: string | undefined;
  readonly count: number;
  /** The first cases, at most {@link MOST_CASES}. */
  readonly cases: readonly ReasonCase[];
  /** What would make them equal in this respect. */
  readonly remedy: string;
}

export const MOST_CASES = 3;
const LONGEST_VALUE = 200;

/** Collects reasons; each is kept once, whatever the number of its cases. */
export interface Reasons {
  add(code: ReasonCode, found?: ReasonCase & { readonly field?: string }): void;
  readonly all: () => readonly Reason[];
}

/** Starts with no reasons. `where` is that of all of them. */
export function createReasons(where: string): Reasons {
  const found = new Map<
    string,
    Omit<Reason, "cases" | "count"> & { cases: ReasonCase[]; count: number }
  >();
  return {
    add(code, { field, path, one, other } = {}) {
      const key = `${code} ${field ?? ""}`;
      let reason = found.get(key);
      if (reason === undefined) {
        reason = { where, code, field, count: 0, cases: [], remedy: REMEDIES[code] };
        found.set(key, reason);
      }
      reason.count += 1;
      if (reason.cases.length < MOST_CASES) {
        reason.cases.push({ path, one: one && shorten(one), other: other && shorten(other) });
      }
    },
    all: () => [...found.values()],
  };
}

function shorten(text: string): string {
  return text.length <= LONGEST_VALUE ? text : `${text.slice(0, LONGEST_VALUE - 1)}…`;
}

const BUILT = "What was built differs, not how it was packed: build both from the same inputs.";
const AGAIN =
  "Compress both with the same program: oci-kit copy --compression none (or zstd) of both gives equal layers.";
const EDIT = "Set it alike: oci-kit config, or config: in the recipe.";

const REMEDIES: Readonly<Record<ReasonCode, string>> = {
  order:
    "Write the entries in one order: oci-kit pack and assemble do; GNU tar has --sort=name, and find's order is the disk's.",
  time: "Give both the same times: SOURCE_DATE_EPOCH with times: clamp in a step of the recipe; oci-kit append --mtime or --clamp-mtime; GNU tar --mtime. Tars without PAX have whole seconds only.",
  owner:
    'Give both one owner: owner: "0:0" in a step of the recipe; oci-kit append --chown 0:0; GNU tar --owner=0 --group=0.',
  "owner-name":
    "Leave the names out, which count for nothing beside the numbers: GNU tar --numeric-owner.",
  mode: "Give both the same modes: mode: in a step of the recipe; oci-kit append --chmod; the umask of the build.",
  type: BUILT,
  link: BUILT,
  device: BUILT,
  size: BUILT,
  content: BUILT,
  xattrs:
    "Pack both with the same attributes: xattrs: drop-labels of an artifact in the recipe leaves out those of the machine.",
  "pax-record":
    "Leave the record out: GNU tar --pax-option=delete=atime,delete=ctime; oci-kit pack and assemble write no access times.",
  "only-in-one": BUILT,
  "only-in-other": BUILT,
  header:
    "Let one program write both tars, as oci-kit pack does for what oci-kit unpack made of them.",
  padding:
    "Let one program write both tars: GNU tar fills up to 10 KiB (--blocking-factor), others end after two blocks.",
  compression: "Compress both alike: oci-kit copy --compression gzip, zstd or none.",
  "gzip-header":
    "Leave name and time out of the header (gzip -n), and let one program compress both; or oci-kit copy --compression none of both.",
  "zstd-header": AGAIN,
  compressor: AGAIN,
  layers:
    "One was made with more steps: build both with the same steps, or compare oci-kit flatten of both.",
  platforms:
    "Make both of images for the same platforms, in the same order: oci-kit manifest create.",
  created:
    "Give both the same time: SOURCE_DATE_EPOCH; oci-kit config --created; oci-kit pack --created.",
  history:
    "SOURCE_DATE_EPOCH sets the times of the history; the rest is what the builder wrote, and oci-kit flatten writes a new one.",
  annotation:
    "Set the annotation alike, or leave it out: oci-kit config --annotation, --unset-annotation; manifest annotate of an index.",
  field: EDIT,
  "key-order": "The same content in another order of keys: let one program write both documents.",
  spelling:
    "The same content with other white space or escapes: let one program write both documents.",
};
