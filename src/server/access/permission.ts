// SPDX-License-Identifier: MIT
import { isOciError, OciError } from "../../oci/errors.ts";
import { quote } from "../../oci/quote.ts";
import { parseRepository } from "../../oci/reference.ts";

/** What one may do with the content of a repository. */
export const ACTIONS = ["pull", "push", "delete"] as const;
export type Action = (typeof ACTIONS)[number];

/** Actions on all repositories with a certain form of name. */
export interface Grant {
  /** A name or a pattern: `*` is any part of one component, `**` any number of components (`team/**`). */
  readonly repository: string;
  readonly actions: readonly Action[];
}

/** Whether one of the grants allows the action on the repository. */
export function allows(grants: readonly Grant[], repository: string, action: Action): boolean {
  return grants.some(
    (grant) => grant.actions.includes(action) && matches(grant.repository, repository),
  );
}

/** Whether one of the grants allows the action on any repository at all. */
export function allowsSomewhere(grants: readonly Grant[], action: Action): boolean {
  return grants.some(({ actions }) => actions.includes(action));
}

const patterns = new Map<string, RegExp>();

function matches(pattern: string, repository: string): boolean {
  if (!pattern.includes("*")) return pattern === repository;
  const known = patterns.get(pattern) ?? compile(pattern);
  patterns.set(pattern, known);
  return known.test(repository);
}

function compile(pattern: string): RegExp {
  const parts = pattern.split(/(\*\*|\*)/).map((part) => {
    if (part === "**") return ".+";
    return part === "*" ? "[^/]*" : part.replace(/[.]/g, "\\.");
  });
  return new RegExp(`^${parts.join("")}$`);
}

/** @throws OciError `invalid-argument` for what no repository's name could match */
export function parsePattern(text: string): string {
  if (!text.includes("***") && isRepository(text.replace(/\*\*?/g, "x"))) return text;
  throw new OciError(
    "invalid-argument",
    `expected a repository or a pattern as team/** (lower case, without a host), got ${quote(text)}`,
  );
}

function isRepository(text: string): boolean {
  try {
    parseRepository(text);
    return true;
  } catch (error) {
    if (isOciError(error)) return false;
    throw error;
  }
}

/** Parses a list of actions; `*` is all of them. @throws OciError `invalid-argument` */
export function parseActions(names: readonly string[]): readonly Action[] {
  if (names.includes("*")) return ACTIONS;
  const unknown = names.find((name) => !isAction(name));
  if (unknown === undefined && names.length > 0) return names.filter(isAction);
  const got = unknown === undefined ? "none" : quote(unknown);
  throw new OciError("invalid-argument", `expected actions (${ACTIONS.join(", ")}), got ${got}`);
}

export function isAction(name: string): name is Action {
  return (ACTIONS as readonly string[]).includes(name);
}
