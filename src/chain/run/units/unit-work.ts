// SPDX-License-Identifier: MIT
import type { ChainLock } from "../../pins/chain-lock.ts";
import type { ChainPlace } from "../place/chain-place.ts";
import type { RunEvent, RunOptions } from "../place/run-options.ts";
import type { ChainStatus } from "../status/chain-status.ts";
import type { StatusWriter } from "../status/status-file.ts";

/** What the making of units in one run shares. */
export interface UnitWork {
  readonly options: RunOptions;
  readonly place: ChainPlace;
  readonly status: StatusWriter;
  readonly lock: ChainLock | undefined;
  /** How the run before ended, or did not. */
  readonly before: ChainStatus | undefined;
  readonly logs: string;
  readonly tell: (event: RunEvent) => void;
}
