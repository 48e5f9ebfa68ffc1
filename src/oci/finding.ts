// SPDX-License-Identifier: MIT

import type { Digest } from "./digest.ts";

/** What every check reports: one thing that is not as it should be, or that is worth knowing. */
export interface Finding<Code extends string = string> {
  /** Stable, one of a closed set of the check. */
  readonly code: Code;
  /** An `error` means that the answer is no. A `note` changes no answer. */
  readonly severity: "error" | "note";
  /** The path in the root filesystem that it is about, as a byte string; undefined when it is about no path. */
  readonly path: string | undefined;
  /** The name of the policy that it breaks; undefined for the checks that need no policy. */
  readonly policy?: string | undefined;
  /** The layer that brought the path, when that is known. */
  readonly layer?: FindingLayer | undefined;
  /** One sentence for people that says what was expected and what was found. Names in it are escaped. */
  readonly message: string;
}

/** The layer that a finding is about. */
export interface FindingLayer {
  /** From 0, the lowest. */
  readonly number: number;
  /** The digest of its blob. */
  readonly digest: Digest;
}
