// SPDX-License-Identifier: MIT
import { EQUALS, scanHeader, takeQuoted, TOKEN } from "./header-scanner.ts";

/** One challenge of a `WWW-Authenticate` header (RFC 9110, 11.6.1). */
export interface Challenge {
  /** Lower-case: `basic`, `bearer`. */
  readonly scheme: string;
  /** Keyed by lower-case name. When a name is given twice, the first value counts. */
  readonly parameters: ReadonlyMap<string, string>;
}

const SKIP = /[\s,]*/y;
const TOKEN68 = /[ \t]+[A-Za-z0-9\-._~+/]+=*[ \t]*(?=,|$)/y;

/**
 * Parses every challenge of a `WWW-Authenticate` value (several headers joined by commas). Never throws:
 * parsing stops at the first thing that is not a challenge, and keeps what came before.
 */
export function parseChallenges(value: string): readonly Challenge[] {
  const challenges: Challenge[] = [];
  const take = scanHeader(value);
  let parameters: Map<string, string> | undefined;
  for (;;) {
    take(SKIP);
    const name = take(TOKEN)?.[0].toLowerCase();
    if (name === undefined) return challenges;
    if (parameters !== undefined && take(EQUALS) !== undefined) {
      const given = takeQuoted(take) ?? take(TOKEN)?.[0];
      if (given === undefined) return challenges;
      if (!parameters.has(name)) parameters.set(name, given);
    } else {
      parameters = new Map();
      challenges.push({ scheme: name, parameters });
      take(TOKEN68);
    }
  }
}

/** Formats one challenge as a server sends it. Values are quoted. */
export function formatChallenge(
  scheme: string,
  parameters: Readonly<Record<string, string>>,
): string {
  const list = Object.entries(parameters).map(
    ([name, value]) => `${name}="${value.replace(/["\\]/g, "\\$&")}"`,
  );
  return `${scheme} ${list.join(",")}`;
}
