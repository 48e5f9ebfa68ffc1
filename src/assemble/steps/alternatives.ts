// SPDX-License-Identifier: MIT
import { OciError } from "../../oci/errors.ts";
import type { AlternativeSlave, AlternativeStep } from "../recipe/recipe.ts";

/**
 * dpkg's record of an alternative, `/var/lib/dpkg/alternatives/<name>`. Its lines, as update-alternatives.c
 * reads and writes them: the status, the master link, the slaves' names and links, an empty line; then for
 * each choice its path, its priority and one line for each slave; an empty line at the end.
 */
export interface AlternativesRecord {
  readonly status: "auto" | "manual";
  readonly link: string;
  /** Sorted by name. */
  readonly slaves: readonly { readonly name: string; readonly link: string }[];
  /** Sorted by path. */
  readonly choices: readonly AlternativeChoice[];
}

export interface AlternativeChoice {
  readonly path: string;
  readonly priority: number;
  /** By the slave's name. A slave that the choice lacks is absent. */
  readonly slaves: ReadonlyMap<string, string>;
}

/**
 * Parses a record. @throws OciError `unreadable` if it is not one: a record of the base that can't be read
 * is not overwritten
 */
export function parseAlternatives(text: string, where: string): AlternativesRecord {
  const lines = text.split("\n");
  let at = 0;
  const take = (what: string): string => {
    const line = lines[at];
    if (line === undefined) throw malformed(where, at + 1, what, "the end");
    at += 1;
    return line;
  };
  const status = take("auto or manual");
  if (status !== "auto" && status !== "manual")
    throw malformed(where, at, "auto or manual", status);
  const link = take("the master link");
  if (!link.startsWith("/")) throw malformed(where, at, "an absolute link", link);
  const slaves: { name: string; link: string }[] = [];
  for (let name = take("a slave"); name !== ""; name = take("a slave")) {
    slaves.push({ name, link: take("a slave's link") });
  }
  const choices: AlternativeChoice[] = [];
  for (let path = take("a choice"); path !== ""; path = take("a choice")) {
    const priority = take("a priority");
    if (!/^-?\d+$/.test(priority)) throw malformed(where, at, "a priority", priority);
    const provided = new Map<string, string>();
    for (const slave of slaves) {
      const target = take(`the path of ${slave.name}`);
      if (target !== "") provided.set(slave.name, target);
    }
    choices.push({ path, priority: Number(priority), slaves: provided });
  }
  return { status, link, slaves, choices };
}

function malformed(where: string, line: number, expected: string, got: string): OciError {
  return new OciError(
    "unreadable",
    `${where}:${line}: expected ${expected}, got ${JSON.stringify(got)}; this is no record of dpkg's alternatives`,
  );
}

/** The text that dpkg writes for a record. */
export function formatAlternatives(record: AlternativesRecord): string {
  const lines: string[] = [record.status, record.link];
  for (const slave of record.slaves) lines.push(slave.name, slave.link);
  lines.push("");
  for (const choice of record.choices) {
    lines.push(choice.path, String(choice.priority));
    for (const slave of record.slaves) lines.push(choice.slaves.get(slave.name) ?? "");
  }
  return `${lines.join("\n")}\n\n`;
}

/**
 * The record after `update-alternatives --install` and then `--set` of the same choice: the choice is added
 * or replaced; the status is `auto` only if dpkg itself would choose it.
 * @throws OciError `invalid-recipe` if the record has another link for the same name
 */
export function installAlternative(
  record: AlternativesRecord | undefined,
  step: AlternativeStep,
): AlternativesRecord {
  if (record !== undefined && record.link !== step.link) {
    throw conflict(step.name, "link", record.link, step.link);
  }
  const links = new Map(record?.slaves.map((slave) => [slave.name, slave.link]));
  for (const slave of step.slaves ?? []) {
    const known = links.get(slave.name);
    if (known !== undefined && known !== slave.link) {
      throw conflict(step.name, `link of ${slave.name}`, known, slave.link);
    }
    links.set(slave.name, slave.link);
  }
  const others = record?.choices.filter((choice) => choice.path !== step.path) ?? [];
  const choices = [...others, choiceOf(step)].sort((a, b) => compare(a.path, b.path));
  return {
    status: best(choices).path === step.path ? "auto" : "manual",
    link: step.link,
    // dpkg drops a slave that no choice has
    slaves: [...links]
      .filter(([name]) => choices.some((choice) => choice.slaves.has(name)))
      .map(([name, link]) => ({ name, link }))
      .sort((a, b) => compare(a.name, b.name)),
    choices,
  };
}

/** The slaves of a record that the newly selected choice lacks: dpkg removes their links. */
export function unusedSlaves(
  record: AlternativesRecord | undefined,
  slaves: readonly AlternativeSlave[],
): readonly { readonly name: string; readonly link: string }[] {
  const used = new Set(slaves.map((slave) => slave.name));
  return record?.slaves.filter((slave) => !used.has(slave.name)) ?? [];
}

function choiceOf(step: AlternativeStep): AlternativeChoice {
  return {
    path: step.path,
    priority: step.priority,
    slaves: new Map(step.slaves?.map((slave) => [slave.name, slave.path])),
  };
}

/** The first of those with the highest priority, in dpkg's order. */
function best(choices: readonly AlternativeChoice[]): AlternativeChoice {
  return choices.reduce((a, b) => (b.priority > a.priority ? b : a));
}

// dpkg sorts with strcmp, that is by bytes. For the paths here, comparing UTF-16 units gives the same
// order.
function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function conflict(name: string, what: string, got: string, wanted: string): OciError {
  return new OciError(
    "invalid-recipe",
    `alternative ${name}: expected the ${what} that is there already, ${got}, got ${wanted}`,
    { hint: "Take the same link, or another name." },
  );
}
