// SPDX-License-Identifier: MIT
import { isRunning, readStatus } from "../../chain/run/status/status-file.ts";
import type { UnitStatus } from "../../chain/run/status/chain-status.ts";
import { chainDirectory } from "../../config/output-directory.ts";
import { shortDigest } from "../../oci/digest.ts";
import { OciError } from "../../oci/errors.ts";
import type { Outcome, Session } from "../command.ts";
import { DONE, FAILED } from "../exit-status.ts";
import { table } from "../../report/text/format.ts";
import { type ChainFlags, chooseChain } from "./chain-graph.ts";

/** Runs `oci-kit chain status`: what the last build did, or is doing. */
export async function status(flags: ChainFlags, session: Session): Promise<Outcome> {
  const { configuration, graph } = await chooseChain(flags, session, "chain status");
  const state = chainDirectory(configuration, graph.variant);
  const found = readStatus(state);
  if (found === undefined) {
    throw new OciError("not-found", `${state}: expected the status of a build, got none`, {
      hint: "Nothing was built from this checkout yet: oci-kit chain build",
    });
  }
  const result = found.result ?? ((await isRunning(state)) ? "running" : "interrupted");
  const order = graph.units.map(({ id }) => id).filter((id) => Object.hasOwn(found.units, id));
  const lines = order.map((id) => row(id, found.units[id]!, result));
  return {
    status: result === "done" || result === "running" ? DONE : FAILED,
    document: { ...found, result, state, configuration: configuration.file },
    lines: [...table(lines), `run ${found.runId}, started ${found.started}: ${result}`],
  };
}

function row(id: string, unit: UnitStatus, result: string): string[] {
  const isLeft = unit.status === "running" && result !== "running";
  const word = isLeft ? "interrupted" : unit.status;
  const [first = ""] = (unit.reasons?.[0] ?? "").split("\n", 1);
  const digest = unit.digest === undefined ? "-" : shortDigest(unit.digest);
  return [word, id, digest, unit.log ?? "-", first];
}
