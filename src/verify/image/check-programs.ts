// SPDX-License-Identifier: MIT
import { toText, type ByteString } from "../../bytes/byte-string.ts";
import { elfArchitecture } from "../../elf/elf-header.ts";
import type { ClosureFinding, ClosureReport } from "../closure/closure-report.ts";
import { verifyClosure } from "../closure/verify-closure.ts";
import { takeTurns } from "../take-turns.ts";
import { directoryOf, type Examination } from "./examination.ts";
import type { ImageFinding, ImageFindingCode } from "./image-report.ts";
import { runsOn } from "./machines.ts";
import { isBelow } from "./own-trees.ts";
import { isExecutable } from "./root-survey.ts";
import type { OnVerifyProgress } from "./verify-progress.ts";

/** What is known of what an image runs. */
export interface WhatRuns {
  /** The paths of what it starts. */
  readonly started: ReadonlySet<ByteString>;
  readonly ownTrees: readonly ByteString[];
  readonly onProgress?: OnVerifyProgress;
}

/** Follows the loader and libraries of every program that the machine of the image can run, own trees left out unless it is run by name. */
export async function followPrograms(
  examination: Examination,
  { started, ownTrees, onProgress }: WhatRuns,
): Promise<ClosureReport> {
  const { root, read, survey, signal, search } = examination;
  const paths: ByteString[] = [];
  const turn = takeTurns({ signal }, root.name);
  for (const { path, node, header } of survey.objects) {
    await turn();
    if (!isExecutable(node)) continue;
    const isStarted = started.has(path) || search.includes(directoryOf(path));
    if (!isStarted && isBelow(path, ownTrees)) continue;
    if (header === undefined) {
      if (isStarted) paths.push(path);
      continue;
    }
    if (!runsOn(elfArchitecture(header), examination.architecture)) continue;
    const file = await read(path, node);
    const isProgram = file.kind === "elf" && file.object.interpreter !== undefined;
    // Where it is not run by name, what looks damaged can be a test's input or a part of a program.
    if (isProgram || (isStarted && file.kind === "damaged")) paths.push(path);
  }
  const onProgram = (followed: number, total: number): void =>
    onProgress?.({ kind: "following-programs", followed, total });
  return verifyClosure(root, { paths, read, signal, onProgram });
}

/**
 * One finding for each need that is not met, however many objects have it; those left out that are met by
 * nothing but objects for another machine that are findings themselves.
 */
export function tellClosure(
  { findings }: ClosureReport,
  isReported: (path: ByteString) => boolean,
): readonly ImageFinding[] {
  const needs = new Map<string, ClosureFinding[]>();
  for (const finding of findings) {
    if (finding.foreign.length > 0 && finding.foreign.every(isReported)) continue;
    const { code, path } = finding;
    const key = JSON.stringify([code, finding.needs ?? path]);
    const same = needs.get(key);
    if (same === undefined) needs.set(key, [finding]);
    else same.push(finding);
  }
  return [...needs.values()].map((same) => {
    const { code, path, needs, message } = same[0]!;
    const programs = new Set(same.flatMap((finding) => finding.programs));
    const told = message + tellKept([...programs].filter((program) => program !== path));
    const finding = {
      code: code as ImageFindingCode,
      severity: "error",
      path,
      message: told,
    } as const;
    return needs === undefined ? finding : { ...finding, needs };
  });
}

/** The end of a sentence about what keeps programs from starting. */
export function tellKept(programs: readonly ByteString[]): string {
  return programs.length === 0 ? "" : `; it keeps ${listSome(programs.map(toText))} from starting`;
}

const SHOWN = 3;

/** The first of some names, and how many more there are. */
export function listSome(names: readonly string[]): string {
  const more = names.length - SHOWN;
  return names.slice(0, SHOWN).join(", ") + (more > 0 ? ` and ${more} more` : "");
}
