// SPDX-License-Identifier: MIT
import type { ComparedLayout } from "../../chain/layouts/compare-layout.ts";
import type { ComparedLink } from "../../chain/links/compare-link.ts";
import { type ChainVerdict, judgeChain } from "../../chain/verify-chain.ts";
import type { Outcome, Session } from "../command.ts";
import { DOES_NOT_HOLD, DONE, FAILED } from "../exit-status.ts";
import { count, table } from "../../report/text/format.ts";
import { type ChainFlags, chooseChain, leftOut, readChosen } from "./chain-graph.ts";

const STATUS = { holds: DONE, "does-not-hold": DOES_NOT_HOLD, unknown: FAILED } as const;

/** The flags of `oci-kit chain verify`. */
export interface VerifyFlags extends ChainFlags {
  /** False by `--no-push`. */
  readonly push?: boolean;
}

/** Runs `oci-kit chain verify`. */
export async function verify(flags: VerifyFlags, session: Session): Promise<Outcome> {
  const chosen = await chooseChain(flags, session, "chain verify");
  const reading = await readChosen(chosen, session, { push: flags.push });
  const verdict = judgeChain(reading);
  const { source, links, layouts } = reading;
  return {
    status: STATUS[verdict.answer],
    document: {
      ok: verdict.answer === "holds",
      source,
      ...verdict,
      links: links.map(linkDocument),
      layouts: layouts.map(({ unit, layout, outcome }) => ({ image: unit.id, layout, ...outcome })),
      configuration: chosen.configuration.file,
    },
    lines: [
      ...table(links.map(linkRow)),
      ...table(layouts.map(layoutRow)),
      summary(source, verdict),
    ],
    notices: leftOut(chosen),
  };
}

/** A link for programs. The units are named by their ids. */
export function linkDocument({ id, parent, child, outcome }: ComparedLink): object {
  const link = { link: id, parent: parent.id, child: child.id, state: outcome.state };
  switch (outcome.state) {
    case "fresh":
      return { ...link, now: outcome.parent };
    case "stale": {
      const { builtFrom, parent: now, rebuildFrom } = outcome;
      return { ...link, now, builtFrom, rebuildFrom };
    }
    case "unknown":
      return { ...link, because: outcome.because, reason: outcome.reason };
  }
}

function linkRow({ id, outcome }: ComparedLink): string[] {
  switch (outcome.state) {
    case "fresh":
      return ["fresh", id, outcome.parent];
    case "stale": {
      const from = outcome.builtFrom ?? "nothing of this platform";
      return [
        "stale",
        id,
        `built from ${from}, parent now ${outcome.parent}: rebuild from ${outcome.rebuildFrom}`,
      ];
    }
    case "unknown":
      return ["unknown", id, outcome.reason];
  }
}

function layoutRow({ layout, outcome }: ComparedLayout): string[] {
  switch (outcome.state) {
    case "same":
      return ["same", layout, outcome.digest];
    case "older":
    case "newer":
      return [
        outcome.state,
        layout,
        `${outcome.digest}, published ${outcome.published}: ${outcome.reason}`,
      ];
    case "differs":
      return [
        "differs",
        layout,
        `${outcome.digest}, published ${outcome.published}: nothing says which came first`,
      ];
    case "unpublished":
      return ["unpublished", layout, outcome.digest];
    case "unknown":
      return ["unknown", layout, outcome.reason];
  }
}

function summary(source: string, { compared, stale, unknown, outdated }: ChainVerdict): string {
  const parts = [
    ...(stale > 0 ? [`${stale} stale`] : []),
    ...(outdated > 0 ? [count(outdated, "outdated layout")] : []),
    ...(unknown > 0 ? [`${unknown} unknown`] : []),
  ];
  const verdict = parts.length === 0 ? "all fresh" : parts.join(", ");
  return `${source}: ${count(compared, "link")} compared: ${verdict}`;
}
