// SPDX-License-Identifier: MIT
import * as z from "zod/mini";
import { isDigest, type Digest } from "../../../oci/digest.ts";
import { OciError } from "../../../oci/errors.ts";
import { quote } from "../../../oci/quote.ts";

const WORDS = [
  "running",
  "built",
  "assembled",
  "joined",
  "pushed",
  "retagged",
  "kept",
  "failed",
  "blocked",
  "stopped",
] as const;

/**
 * What became of a unit. `pushed`: it was built by an earlier run, and only pushed by this one; `retagged`: the image
 * was there under another name; `blocked`: something that it needs failed.
 */
export type UnitWord = (typeof WORDS)[number];

/** One unit in the status of a chain. Times are ISO 8601. */
export interface UnitStatus {
  readonly status: UnitWord;
  readonly runId: string;
  readonly digest?: Digest | undefined;
  /** The digest of the record of what it was made of, also where that can't stand for it. */
  readonly inputs?: Digest | undefined;
  readonly log?: string | undefined;
  /** Why it failed, was built, or was kept: one line each. */
  readonly reasons?: readonly string[] | undefined;
  readonly started?: string | undefined;
  readonly ended?: string | undefined;
  /** The digests that inputs gave before, the latest last: where a retag finds them. */
  readonly made?: Readonly<Record<string, Digest>> | undefined;
}

/** The status of the last run of a chain, and of the units of runs before. */
export interface ChainStatus {
  readonly version: 1;
  readonly runId: string;
  readonly started: string;
  readonly updated: string;
  /** Absent while it runs, and when it was killed. */
  readonly result?: "done" | "failed" | "stopped" | undefined;
  readonly units: Readonly<Record<string, UnitStatus>>;
}

const digest = z.pipe(
  z.string(),
  z.custom<Digest>((text) => isDigest(text as string)),
);
const unit = z.object({
  status: z.enum(WORDS),
  runId: z.string(),
  digest: z.optional(digest),
  inputs: z.optional(digest),
  log: z.optional(z.string()),
  reasons: z.optional(z.array(z.string())),
  started: z.optional(z.string()),
  ended: z.optional(z.string()),
  made: z.optional(z.record(z.string(), digest)),
});
const schema = z.object({
  version: z.literal(1),
  runId: z.string(),
  started: z.string(),
  updated: z.string(),
  result: z.optional(z.enum(["done", "failed", "stopped"])),
  units: z.record(z.string(), unit),
});

/** Reads the text of a status. @throws OciError `invalid-json` */
export function parseStatus(text: string, name: string): ChainStatus {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw broken(name, error instanceof Error ? error.message : String(error));
  }
  const { data, error } = schema.safeParse(value);
  if (data !== undefined) return data;
  const [issue] = error.issues;
  throw broken(
    name,
    `at ${quote(issue?.path.map(String).join(".") ?? "")}: ${issue?.message ?? ""}`,
  );
}

function broken(name: string, got: string): OciError {
  return new OciError("invalid-json", `${name}: expected the status of a chain, got ${got}`, {
    details: { file: name },
    hint: "Remove it: what is published and in layouts says the same, and the next build finds it there.",
  });
}
