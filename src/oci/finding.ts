// SPDX-License-Identifier: MIT

/** What every check reports: one thing that is not as it should be, or that is worth knowing. */
export interface Finding<Code extends string = string> {
  /** Stable, one of a closed set of the check. */
  readonly code: Code;
  /** An `error` means that the answer is no. A `note` changes no answer. */
  readonly severity: "error" | "note";
  /** The path in the root filesystem that it is about, as a byte string; undefined when it is about no path. */
  readonly path: string | undefined;
  /** One sentence for people that says what was expected and what was found. Names in it are escaped. */
  readonly message: string;
}
