// SPDX-License-Identifier: MIT
import { isOciError } from "../../oci/errors.ts";
import { RegistryError } from "../registry-error.ts";

/** The questions that {@link examineRegistry} asks, in this order. */
export type ProbeName =
  | "version"
  | "auth"
  | "page-size"
  | "range"
  | "referrers"
  | "sha512"
  | "upload"
  | "chunks"
  | "resume"
  | "cancel"
  | "mount"
  | "tag-delete";

/**
 * What came out: `yes` and `no` are the registry's own answers; `unknown` means that it could not be found out, and
 * `not-asked` that this would have needed a repository, content in it, or the permission to write.
 */
export type ProbeOutcome = "yes" | "no" | "unknown" | "not-asked";

/** One question to a registry, and its answer. */
export interface Probe {
  readonly name: ProbeName;
  readonly outcome: ProbeOutcome;
  /** For people: what was seen. */
  readonly detail: string;
}

/** Asks one question. An error of the registry is an answer too; it becomes `unknown` where `ask` does not judge it. */
export async function probe(
  name: ProbeName,
  ask: () => Promise<Omit<Probe, "name">>,
): Promise<Probe> {
  try {
    return { name, ...(await ask()) };
  } catch (error) {
    if (!isOciError(error) || error.code === "aborted") throw error;
    return { name, outcome: "unknown", detail: error.message };
  }
}

/** The status of a refusal; other errors pass. */
export function statusOf(error: unknown): number {
  if (error instanceof RegistryError && error.status !== undefined) return error.status;
  throw error;
}
