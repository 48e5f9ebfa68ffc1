// SPDX-License-Identifier: MIT
import { toText, type ByteString } from "../../bytes/byte-string.ts";
import { elfArchitecture, formatElf, type ElfHeader } from "../../elf/elf-header.ts";
import type { ClosureReport } from "../closure/closure-report.ts";
import { tellKept } from "./check-programs.ts";
import { directoryOf, report, type Examination } from "./examination.ts";
import { runsOn } from "./machines.ts";
import type { JudgedTree } from "./further-checks.ts";
import { isBelow } from "./own-trees.ts";
import { isExecutable, type FoundObject } from "./root-survey.ts";

/** What was found out about a root before its machines are compared. */
export interface Reach {
  readonly started: ReadonlySet<ByteString>;
  readonly ownTrees: readonly ByteString[];
  readonly closure: ClosureReport;
  /** Trees whose machine somebody else judges. What is for another than theirs is returned, and not reported. */
  readonly judged: readonly JudgedTree[];
}

interface Foreign extends FoundObject {
  readonly header: ElfHeader;
}

/**
 * Compares the machine of every ELF object with the image's. An object for another machine is an error where
 * something here would run or load it: it is a program, a loader passed it over, or it lies beside libraries
 * that programs load. Elsewhere (firmware, a sysroot, an Android tree, object files) it is noted: one note
 * for each place. Returns the paths of the errors.
 */
export async function checkMachines(
  examination: Examination,
  reach: Reach,
): Promise<ReadonlySet<ByteString>> {
  const { survey, architecture } = examination;
  const errors: Foreign[] = [];
  const notes: Foreign[] = [];
  const elsewhere: ByteString[] = [];
  const isReached = reachedBy(examination, reach);
  for (const object of survey.objects) {
    const { header } = object;
    if (header === undefined || !hasProcessor(header)) continue;
    if (architecture === undefined || elfArchitecture(header) === architecture) continue;
    const foreign = { ...object, header };
    if (isJudged(object.path, reach.judged)) {
      elsewhere.push(object.path);
      continue;
    }
    ((await isReached(foreign)) ? errors : notes).push(foreign);
  }
  tellErrors(examination, errors, reach.closure);
  tellNotes(examination, notes, reach.ownTrees);
  return new Set([...errors.map(({ path }) => path), ...elsewhere]);
}

function isJudged(path: ByteString, judged: readonly JudgedTree[]): boolean {
  return judged.some(({ place }) => path.startsWith(place === "/" ? "/" : `${place}/`));
}

/** EM_NONE (Guile's compiled code) and EM_BPF (programs for the kernel). */
const NO_PROCESSOR: readonly number[] = [0, 247];

/** Whether an object is for a processor at all. */
export function hasProcessor({ machine }: ElfHeader): boolean {
  return !NO_PROCESSOR.includes(machine);
}

const FIRMWARE = /^\/(usr\/)?lib\/firmware\//;
const PROGRAMS = /\/(bin|sbin|libexec)$/;
const LIBRARY = /\.(so|so\.[^/]*|node)$/;
const [RELOCATABLE, EXECUTABLE, SHARED] = [1, 2, 3];

function reachedBy(
  { architecture, read, search }: Examination,
  { started, ownTrees, closure }: Reach,
): (object: Foreign) => Promise<boolean> {
  const wanted = new Set(closure.findings.flatMap(({ foreign }) => foreign));
  const beside = new Set(closure.programs.flatMap(({ libraries }) => libraries.map(directoryOf)));
  return async ({ path, node, header }) => {
    if (started.has(path) || wanted.has(path)) return true;
    if (isBelow(path, ownTrees) || FIRMWARE.test(path)) return false;
    if (runsOn(elfArchitecture(header), architecture)) return false;
    if (header.type === RELOCATABLE) return false;
    const directory = directoryOf(path);
    if (header.type === SHARED && beside.has(directory)) return true;
    if (!isExecutable(node)) return false;
    if (header.type === EXECUTABLE) return true;
    if (search.includes(directory) || PROGRAMS.test(directory)) return true;
    // A library may have the permission to be executed too.
    const file = await read(path, node);
    if (file.kind !== "elf") return false;
    const { interpreter, soname } = file.object;
    return interpreter !== undefined || (soname === undefined && !LIBRARY.test(path));
  };
}

function tellErrors(
  examination: Examination,
  errors: readonly Foreign[],
  closure: ClosureReport,
): void {
  for (const [first, ...others] of group(errors, ({ path }) => directoryOf(path))) {
    const { path, header } = first!;
    const more = others.length === 0 ? "" : `, and so are ${others.length} more in that directory`;
    const met = closure.findings.filter(({ foreign }) => foreign.includes(path));
    const needed = tellKept([...new Set(met.flatMap(({ programs }) => programs))]);
    const message = `expected ${examination.architecture!}, got ${formatElf(header)}${more}${needed}`;
    report(examination, "wrong-architecture", path, message);
  }
}

function tellNotes(
  examination: Examination,
  notes: readonly Foreign[],
  ownTrees: readonly ByteString[],
): void {
  const placeOf = ({ path }: Foreign): ByteString =>
    ownTrees.find((tree) => path.startsWith(`${tree}/`)) ?? topOf(path);
  for (const files of group(notes, placeOf)) {
    const { path, header } = files[0]!;
    const place = placeOf(files[0]!);
    const count =
      files.length === 1 ? "is" : `and ${files.length - 1} more below ${toText(place)} are`;
    const isRun = runsOn(elfArchitecture(header), examination.architecture);
    const why = isRun
      ? `which machines for ${examination.architecture!} can run too`
      : "and nothing of this image runs or loads it";
    const message = `${count} for ${formatElf(header)}, ${why}`;
    report(examination, "wrong-architecture", path, message, "note");
  }
}

/** The directory two levels below the root, as `/usr/lib` or `/opt/android`. */
function topOf(path: ByteString): ByteString {
  return path.split("/").slice(0, 3).join("/") as ByteString;
}

/** Objects of one machine and one place, in the order of the walk. */
function group(
  objects: readonly Foreign[],
  placeOf: (object: Foreign) => ByteString,
): readonly (readonly Foreign[])[] {
  const groups = new Map<string, Foreign[]>();
  for (const object of objects) {
    const key = `${formatElf(object.header)} ${placeOf(object)}`;
    const same = groups.get(key);
    if (same === undefined) groups.set(key, [object]);
    else same.push(object);
  }
  return [...groups.values()];
}
