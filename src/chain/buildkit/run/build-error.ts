// SPDX-License-Identifier: MIT
import { OciError } from "../../../oci/errors.ts";
import type { FailedStep } from "../progress/step-table.ts";

/** Which part of a build failed. It tells what can be done about it. */
export type FailedPart =
  /** A step of the Dockerfile. The same will fail again. */
  | "step"
  /** An image or a source could not be got. */
  | "source"
  /** What was built could not be written or pushed. */
  | "export"
  /** The builder's program or the builder itself, before or after all steps. */
  | "builder";

/** A build that failed. Its code is `build-failed`. */
export class BuildError extends OciError {
  override readonly name = "BuildError";
  readonly part: FailedPart;
  /** The step that failed; undefined when none did. */
  readonly step: FailedStep | undefined;
  /** Whether the same build may succeed later: a connection was lost, or a registry was in trouble. */
  readonly transient: boolean;

  constructor(message: string, failure: BuildFailure) {
    const { part, transient, step, hint } = failure;
    super("build-failed", message, {
      details: { part, transient, step, log: failure.log },
      ...(hint === undefined ? {} : { hint }),
    });
    this.part = part;
    this.step = step;
    this.transient = transient;
  }
}

export interface BuildFailure {
  readonly part: FailedPart;
  readonly transient: boolean;
  readonly step?: FailedStep | undefined;
  /** The file with the whole log. */
  readonly log?: string | undefined;
  readonly hint?: string | undefined;
}
