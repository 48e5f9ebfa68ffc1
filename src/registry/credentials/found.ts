// SPDX-License-Identifier: MIT
import type { Credentials } from "../registry-options.ts";

/** One place where credentials were looked for. */
export interface Looked {
  readonly place: string;
  /** What was found there, in words: "no such file". */
  readonly found: string;
}

/** What {@link Looked} says of a file that is not there. */
export const NO_FILE = "no such file";

/** The result of a look-up. */
export interface Found {
  /** Undefined means anonymous access. */
  readonly credentials: Credentials | undefined;
  /** Where they came from, in words. Undefined for those that the caller gave. */
  readonly source?: string | undefined;
  /** Every place that was looked at before, in order. */
  readonly looked: readonly Looked[];
}

/** Finds the credentials of a repository, and says where it looked. */
export type LookUp = (registry: string, repository: string) => Promise<Found>;
