// SPDX-License-Identifier: MIT
import * as z from "zod/mini";
import { digestBytes } from "../../../bytes/hash.ts";
import { isDigest, type Digest } from "../../../oci/digest.ts";
import { OciError } from "../../../oci/errors.ts";
import { formatJson, parseJson } from "../../../oci/json.ts";

/** Why a key can't stand for what a stage is made of. */
export interface Uncovered {
  readonly kind:
    | "secret"
    | "ssh"
    /** An image that is named by its tag, and no digest was found for it. */
    | "unpinned-image"
    /** `ADD` of something that may be different the next time. */
    | "download"
    /** A frontend that is not Docker's reads the Dockerfile in its own way. */
    | "foreign-frontend";
  /** The secret's name, the reference or the address. */
  readonly name: string;
  /** The line of the Dockerfile, counted from 1. */
  readonly line?: number | undefined;
}

/** By name. */
type Named<T> = Readonly<Record<string, T>>;

/** What a stage is made of, as plain values: small, and kept beside what was built. */
export interface InputRecord {
  readonly format: typeof FORMAT;
  /** The digest of the Dockerfile's bytes. */
  readonly dockerfile: Digest;
  readonly target: string;
  readonly platform: string;
  /** What builds: the program and its version, or the digest of its image. */
  readonly builder: string;
  /** The build arguments that the Dockerfile declares, and those that BuildKit itself reads. */
  readonly buildArgs: Named<string>;
  /** The digest of every outside image, by its reference in the Dockerfile; null where none is known. */
  readonly parents: Named<Digest | null>;
  /** The digest of the context's list, and those of named contexts. */
  readonly context: Digest;
  readonly contexts: Named<Digest>;
  readonly uncovered: readonly Uncovered[];
}

/** To be changed with everything that gives the same inputs another record. */
export const FORMAT = "oci-kit inputs 1";

const digest = z.pipe(
  z.string(),
  z.custom<Digest>((text) => isDigest(text as string)),
);
const KINDS = ["secret", "ssh", "unpinned-image", "download", "foreign-frontend"] as const;
const SCHEMA = z.strictObject({
  format: z.literal(FORMAT),
  dockerfile: digest,
  target: z.string(),
  platform: z.string(),
  builder: z.string(),
  buildArgs: z.record(z.string(), z.string()),
  parents: z.record(z.string(), z.nullable(digest)),
  context: digest,
  contexts: z.record(z.string(), digest),
  uncovered: z.array(
    z.object({ kind: z.enum(KINDS), name: z.string(), line: z.optional(z.number()) }),
  ),
});

/** A record as JSON, its names in order: the same inputs give the same bytes. */
export function formatInputRecord(record: InputRecord): Uint8Array {
  return formatJson({
    ...record,
    buildArgs: sorted(record.buildArgs),
    parents: sorted(record.parents),
    contexts: sorted(record.contexts),
  });
}

/** Reads a record that was kept. @throws OciError `invalid-json`, also for one of another version */
export function parseInputRecord(bytes: Uint8Array): InputRecord {
  const { data, error } = SCHEMA.safeParse(parseJson(bytes, { what: "record of inputs" }));
  if (data !== undefined) return data;
  const [issue] = error.issues;
  throw new OciError(
    "invalid-json",
    `record of inputs: ${issue?.path.join(".") || "it"}: expected what ${FORMAT} has: ${issue?.message ?? ""}`,
    {
      hint: "Another version of oci-kit wrote it, or it is damaged. Without it, the stage is built.",
    },
  );
}

/** The digest of a record. */
export function digestOfRecord(record: InputRecord): Digest {
  return digestBytes(formatInputRecord(record));
}

function sorted<T>(named: Named<T>): Named<T> {
  return Object.fromEntries(Object.entries(named).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)));
}
