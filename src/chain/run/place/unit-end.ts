// SPDX-License-Identifier: MIT
import type { Digest } from "../../../oci/digest.ts";
import type { StageUnit } from "../../graph/stage-graph.ts";
import type { UnitWord } from "../status/chain-status.ts";

/** A unit that is there now. */
export interface MadeUnit {
  readonly word: Exclude<UnitWord, "running" | "failed" | "blocked" | "stopped">;
  readonly digest: Digest;
  /** Why it was made, or was not: one line each. */
  readonly reasons: readonly string[];
  /** The digest of each input, by its name. */
  readonly pins: Readonly<Record<string, Digest>>;
  /** The digest of the record of its inputs. */
  readonly record?: Digest | undefined;
  /** Whether that record stands for everything that it was made of. */
  readonly isCovered?: boolean | undefined;
  readonly log?: string | undefined;
}

/** What became of a unit in a run. */
export type UnitEnd =
  | ({ readonly unit: StageUnit } & MadeUnit)
  | {
      readonly unit: StageUnit;
      readonly word: "failed";
      readonly error: unknown;
      readonly reasons: readonly string[];
    }
  | {
      readonly unit: StageUnit;
      readonly word: "blocked" | "stopped";
      readonly reasons: readonly string[];
    };
