// SPDX-License-Identifier: MIT
import { OciError } from "../oci/errors.ts";
import { didYouMean } from "../oci/near-miss.ts";
import { quote } from "../oci/quote.ts";
import {
  findDifferingConfigurations,
  findMixedGenerations,
  findMixedParents,
} from "./gates/coherence.ts";
import { findDropped, findMissing } from "./gates/completeness.ts";
import { findStale } from "./gates/freshness.ts";
import type { GateFinding, GateName, PushFacts } from "./gates/gate.ts";
import { findOlder } from "./gates/never-backwards.ts";
import { findDuplicates, findWrongPlatforms } from "./gates/platforms.ts";

/** One question about a push. It passes when it finds nothing. */
interface Gate {
  readonly asks: string;
  readonly find: (facts: PushFacts) => readonly GateFinding[];
}

/**
 * The gates of an index, in the order of their findings. They judge what was read before, and read nothing. Checks
 * of what an image contains are added by the caller: see `ContentPolicy`.
 */
const GATES: readonly Gate[] = [
  {
    asks: "is every configured architecture there?",
    find: ({ children, architectures }) => findMissing(children, architectures ?? []),
  },
  {
    asks: "does every published platform stay?",
    find: ({ children, published }) => findDropped(children, published),
  },
  { asks: "is there one image for a platform?", find: ({ children }) => findDuplicates(children) },
  {
    asks: "is each image for the platform that its name says?",
    find: ({ children }) => findWrongPlatforms(children),
  },
  { asks: "are they of one run?", find: ({ children }) => findMixedGenerations(children) },
  { asks: "are they made from one stage?", find: ({ children }) => findMixedParents(children) },
  {
    asks: "do they start alike?",
    find: ({ children }) => findDifferingConfigurations(children),
  },
  { asks: "is each made of what its inputs are now?", find: ({ children }) => findStale(children) },
  {
    asks: "is none older than what is published?",
    find: ({ children, published }) => findOlder(children, published),
  },
];

/** Evaluates every gate. The push may go ahead if the list is empty. */
export function evaluateGates(facts: PushFacts): GateFinding[] {
  return GATES.flatMap(({ find }) => find(facts));
}

/** The name of every gate. */
export const GATE_NAMES: readonly GateName[] = Object.keys({
  "missing-architecture": true,
  "dropped-platform": true,
  "published-unreadable": true,
  "duplicate-platform": true,
  "wrong-platform": true,
  "mixed-generations": true,
  "mixed-parents": true,
  "unreadable-generation": true,
  "differing-configuration": true,
  "stale-input": true,
  "unreadable-input": true,
  "older-than-published": true,
  verify: true,
  "content-policy": true,
} satisfies Record<GateName, true>) as GateName[];

/** @throws OciError `invalid-argument` for what is no gate */
export function parseGateName(text: string): GateName {
  const name = GATE_NAMES.find((known) => known === text);
  if (name !== undefined) return name;
  const { hint: near } = didYouMean(text, GATE_NAMES);
  const meant = near === undefined ? "" : `${near} `;
  throw new OciError(
    "invalid-argument",
    `--force: expected the name of a gate, got ${quote(text)}`,
    { hint: `${meant}Name the one that may be overridden: ${GATE_NAMES.join(", ")}` },
  );
}

/** Findings sorted by whether they may be overridden. */
export interface SortedFindings {
  readonly refusing: readonly GateFinding[];
  readonly overridden: readonly GateFinding[];
}

/** Tells what refuses from what was overridden by name. */
export function sortFindings(
  findings: readonly GateFinding[],
  force: readonly GateName[] = [],
): SortedFindings {
  return {
    refusing: findings.filter(({ gate }) => !force.includes(gate)),
    overridden: findings.filter(({ gate }) => force.includes(gate)),
  };
}

/** The findings that mean "it could not be found out", not "something is wrong". */
const UNTOLD: ReadonlySet<GateName> = new Set<GateName>([
  "published-unreadable",
  "unreadable-generation",
  "unreadable-input",
]);

/**
 * The error of a refused push, with one line for each finding, and all findings in `details.findings`. Its
 * code is `gate-refused`, or `unreadable` when every finding only says that something could not be found out.
 */
export function refusal(what: string, findings: readonly GateFinding[], cause?: unknown): OciError {
  const untold = findings.every((finding) => UNTOLD.has(finding.gate));
  const lines = findings.map((finding) => `\n  ${finding.gate}: ${finding.message}`);
  return new OciError(
    untold ? "unreadable" : "gate-refused",
    `${what}: not pushed: ${findings.length} of its gates ${findings.length === 1 ? "refuses" : "refuse"}:${lines.join("")}`,
    {
      details: { findings },
      hint: hintFor(findings),
      ...(cause !== undefined && { cause }),
    },
  );
}

function hintFor(findings: readonly GateFinding[]): string {
  const gates = [...new Set(findings.map(({ gate }) => gate))];
  const force = `override by name: ${gates.map((gate) => `--force ${gate}`).join(" ")}`;
  if (gates.includes("mixed-generations")) {
    return `Assemble them in one run, or each with the same --run-id; or ${force}`;
  }
  if (gates.includes("stale-input")) return `Assemble again: oci-kit assemble; or ${force}`;
  return `Make what is missing or stale again, or ${force}`;
}
