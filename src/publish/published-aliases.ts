// SPDX-License-Identifier: MIT
import type { ContentStore } from "../store/store.ts";
import { evaluateGates } from "./gates.ts";
import { findDropped } from "./gates/completeness.ts";
import type { GateFinding, PushFacts } from "./gates/gate.ts";
import { findOlder } from "./gates/never-backwards.ts";
import { type Published, type PublishedOptions, readPublished } from "./published-index.ts";

/** A further tag of the index, and what it names before the push. */
export interface PublishedAlias {
  readonly tag: string;
  readonly published: Published;
}

interface AliasOptions extends PublishedOptions {
  readonly target: ContentStore;
  readonly tag: string;
  readonly aliases?: readonly string[] | undefined;
}

/** Reads what the aliases name now. */
export async function readAliases({
  target,
  tag,
  aliases = [],
  ...options
}: AliasOptions): Promise<PublishedAlias[]> {
  const found: PublishedAlias[] = [];
  for (const alias of new Set(aliases)) {
    if (alias === tag) continue;
    found.push({ tag: alias, published: await readPublished(target, alias, options) });
  }
  return found;
}

/** Evaluates every gate, and for each alias those that keep what it publishes. */
export function findingsOf(
  facts: PushFacts,
  aliases: readonly PublishedAlias[],
): readonly GateFinding[] {
  const ofAliases = aliases.flatMap(({ tag, published }) => {
    const findings = [
      ...findDropped(facts.children, published),
      ...findOlder(facts.children, published),
    ];
    return findings.map((finding) => ({ ...finding, message: `${tag}: ${finding.message}` }));
  });
  return [...evaluateGates(facts), ...ofAliases];
}
