// SPDX-License-Identifier: MIT
import { escapeText } from "../../bytes/byte-string.ts";
import type { ExecutionConfig } from "../../oci/documents/image-config.ts";
import type { Recorded } from "../records/provenance.ts";
import { type ChildFacts, type GateFinding, nameOf } from "./gate.ts";

/** Coherence of the run: all images were made by one. If no image records a run, the gate passes. */
export function findMixedGenerations(children: readonly ChildFacts[]): GateFinding[] {
  const runs = byRecord(children, ({ origin }) => origin.runId);
  const findings = runs.unreadable.map(({ child, reason }): GateFinding => {
    const message = `the run that made ${child} can't be told: ${reason}`;
    return { gate: "unreadable-generation", child, message };
  });
  if (runs.groups.length < 2) return findings;
  const generations = runs.groups.map(({ value, names }) => ({ runId: value, children: names }));
  const listed = describeGroups("run", runs.groups);
  const message = `the images are of ${generations.length} generations: ${listed}`;
  return [...findings, { gate: "mixed-generations", generations, message }];
}

/** Coherence of the parents: all images were made from the same stage. */
export function findMixedParents(children: readonly ChildFacts[]): GateFinding[] {
  const stages = byRecord(children, ({ origin }) => origin.parentStage);
  const findings = stages.unreadable.map(({ child, reason }): GateFinding => {
    const message = `the stage that ${child} was made from can't be told: ${reason}`;
    return { gate: "unreadable-generation", child, message };
  });
  if (stages.groups.length < 2) return findings;
  const parents = stages.groups.map(({ value, names }) => ({ stage: value, children: names }));
  const listed = describeGroups("parent stage", stages.groups);
  const message = `the images were made from ${parents.length} stages: ${listed}`;
  return [...findings, { gate: "mixed-parents", parents, message }];
}

interface Group {
  readonly value: string | undefined;
  readonly names: readonly string[];
}

interface Grouped {
  readonly groups: readonly Group[];
  readonly unreadable: readonly { readonly child: string; readonly reason: string }[];
}

function byRecord(
  children: readonly ChildFacts[],
  recordOf: (child: ChildFacts) => Recorded,
): Grouped {
  const values = new Map<string | undefined, string[]>();
  const unreadable: { child: string; reason: string }[] = [];
  for (const child of children) {
    const record = recordOf(child);
    if (record.state === "unreadable") {
      unreadable.push({ child: nameOf(child), reason: escapeText(record.reason) });
      continue;
    }
    const value = record.state === "recorded" ? record.value : undefined;
    values.set(value, [...(values.get(value) ?? []), nameOf(child)]);
  }
  return { groups: [...values].map(([value, names]) => ({ value, names })), unreadable };
}

function describeGroups(what: string, groups: readonly Group[]): string {
  return groups
    .map(({ value, names }) => {
      const record = value === undefined ? `no ${what} recorded` : `${what} ${escapeText(value)}`;
      return `${record}: ${names.join(", ")}`;
    })
    .join("; ");
}

/** The settings that every image of a family has alike, for containers of one operating system. */
const ALIKE = ["Entrypoint", "Cmd", "User", "WorkingDir", "Volumes", "ExposedPorts"] as const;

/** Configuration: on every architecture the same program starts as the same user in the same place. */
export function findDifferingConfigurations(children: readonly ChildFacts[]): GateFinding[] {
  const findings: GateFinding[] = [];
  for (const os of new Set(children.map(({ platform }) => platform.os))) {
    const alike = children.filter(({ platform }) => platform.os === os);
    for (const setting of ALIKE) {
      const first = alike[0]!;
      const others = alike.filter(
        (child) => settingOf(child, setting) !== settingOf(first, setting),
      );
      if (others.length === 0) continue;
      const names = [first, others[0]!].map(nameOf);
      const values = [first, others[0]!].map((child) => escapeText(settingOf(child, setting)));
      const message = `${setting} is ${values[0]} in ${names[0]}, and ${values[1]} in ${names[1]}`;
      const concerned = [first, ...others].map(nameOf);
      findings.push({ gate: "differing-configuration", children: concerned, message });
    }
  }
  return findings;
}

/** The value as text. What is empty or absent is the same: nothing is set. */
function settingOf({ config }: ChildFacts, setting: keyof ExecutionConfig): string {
  const value = config[setting];
  const isKeyed = typeof value === "object" && !Array.isArray(value);
  const plain = isKeyed ? Object.keys(value).sort() : value;
  const isEmpty = plain === undefined || plain === "" || plain === "/";
  return isEmpty || (Array.isArray(plain) && plain.length === 0)
    ? "not set"
    : JSON.stringify(plain);
}
