// SPDX-License-Identifier: MIT

/** A step of a build, numbered from 1 in the order in which BuildKit named them. */
export interface BuildStep {
  readonly number: number;
  /** As BuildKit calls it: `[2/5] RUN make`. Text from a Dockerfile, not escaped. */
  readonly name: string;
}

/** How a step ended. */
export type StepOutcome = "done" | "cached" | "failed" | "canceled";

/** How many steps are known, and how many of them are over. More may become known. */
export interface StepCount {
  readonly finished: number;
  readonly known: number;
}

/** What happens in a build. Texts of a step come from what it ran, and are not escaped. */
export type BuildEvent =
  | { readonly kind: "step-started"; readonly step: BuildStep; readonly count: StepCount }
  | {
      readonly kind: "step-finished";
      readonly step: BuildStep;
      readonly count: StepCount;
      readonly outcome: StepOutcome;
      readonly milliseconds: number;
    }
  | {
      readonly kind: "output";
      readonly step: BuildStep;
      readonly stream: "stdout" | "stderr";
      readonly line: string;
    }
  /** How much of a context the builder was sent: of the main one `context`, else its name. As often as a transfer. */
  | {
      readonly kind: "context-sent";
      readonly context: string;
      readonly bytes: number;
      readonly isFinished: boolean;
    }
  /** At most ten a second for one thing that is transferred otherwise, and always the last. */
  | {
      readonly kind: "transfer";
      readonly step: BuildStep;
      readonly what: string;
      /** In bytes. `total` is 0 when it is not known. */
      readonly current: number;
      readonly total: number;
      readonly isFinished: boolean;
    }
  /** A warning of BuildKit, or a line of the builder's program. */
  | { readonly kind: "remark"; readonly text: string }
  /** The progress can't be followed any more; the build goes on. */
  | { readonly kind: "progress-broken" };
