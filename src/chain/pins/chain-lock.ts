// SPDX-License-Identifier: MIT
import * as z from "zod/mini";
import { type Digest, isDigest } from "../../oci/digest.ts";
import { OciError } from "../../oci/errors.ts";
import { quote } from "../../oci/quote.ts";

/** What was pinned for one unit. */
export interface LockedUnit {
  readonly tag: string;
  readonly digest: Digest;
  /** The digest of each thing that it was made from, by the name of the input; `parent` is the parent. */
  readonly inputs: Readonly<Record<string, Digest>>;
  /** The key of everything that the result depends on, where it is known. */
  readonly inputKey?: string | undefined;
}

/** What the last build of a chain pinned. It has no time and no path, so that it changes only when a pin does. */
export interface ChainLock {
  readonly version: 1;
  readonly repository?: string | undefined;
  readonly buildPlatform: string;
  readonly variant?: string | undefined;
  /** By the id of the unit. */
  readonly units: Readonly<Record<string, LockedUnit>>;
}

const digest = z.string().check(z.refine((text) => isDigest(text), "expected a digest"));
const unit = z.strictObject({
  tag: z.string(),
  digest,
  inputs: z.record(z.string(), digest),
  inputKey: z.optional(z.string()),
});
const schema = z.strictObject({
  version: z.literal(1),
  repository: z.optional(z.string()),
  buildPlatform: z.string(),
  variant: z.optional(z.string()),
  units: z.record(z.string(), unit),
});

/** The text of a lock: JSON with sorted keys, one digest a line, so that a review shows what has moved. */
export function formatLock(lock: ChainLock): string {
  const { version, repository, buildPlatform, variant } = lock;
  const units = sorted(lock.units, ({ tag, digest: own, inputs, inputKey }) => ({
    tag,
    digest: own,
    inputs: sorted(inputs, (one) => one),
    ...(inputKey !== undefined && { inputKey }),
  }));
  const head = { version, ...(repository !== undefined && { repository }), buildPlatform };
  return `${JSON.stringify({ ...head, ...(variant !== undefined && { variant }), units }, null, 2)}\n`;
}

function sorted<From, To>(
  values: Readonly<Record<string, From>>,
  make: (value: From) => To,
): Record<string, To> {
  const keys = Object.keys(values).sort();
  return Object.fromEntries(keys.map((key) => [key, make(values[key]!)]));
}

/** Reads the text of a lock. @throws OciError `invalid-json` for anything else; nothing of it is used then */
export function parseLock(text: string, name: string): ChainLock {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw broken(name, "JSON", error instanceof Error ? error.message : String(error), error);
  }
  const parsed = z.safeParse(schema, value);
  if (parsed.success) return parsed.data as ChainLock;
  const [issue] = parsed.error.issues;
  const place = issue?.path.map(String).join(".") ?? "";
  throw broken(
    name,
    "a chain lock of version 1",
    `at ${quote(place)}: ${issue?.message ?? "something else"}`,
  );
}

function broken(name: string, expected: string, got: string, cause?: unknown): OciError {
  return new OciError("invalid-json", `${name}: expected ${expected}, got ${got}`, {
    details: { file: name },
    hint: "Take the committed version back, or remove the file: the next build writes a new one.",
    cause,
  });
}
