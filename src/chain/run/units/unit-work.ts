// SPDX-License-Identifier: MIT
import type { ChainLock } from "../../pins/chain-lock.ts";
import type { ChainPlace } from "../place/chain-place.ts";
import type { RunEvent, RunOptions } from "../place/run-options.ts";
import type { StatusWriter } from "../status/status-file.ts";

/** What the making of units in one run shares. */
export interface UnitWork {
  readonly options: RunOptions;
  readonly place: ChainPlace;
  readonly status: StatusWriter;
  readonly lock: ChainLock | undefined;
  /** The id of the run that this one goes on with. */
  readonly resumed: string | undefined;
  readonly logs: string;
  readonly tell: (event: RunEvent) => void;
}
