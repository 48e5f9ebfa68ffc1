// SPDX-License-Identifier: MIT
import { OciError } from "../../../oci/errors.ts";
import { quote } from "../../../oci/quote.ts";
import { expandVariables, type Variables } from "./expand-variables.ts";
import { splitInstructions, type DockerfileText, type Instruction } from "./split-instructions.ts";
import { unquote } from "./split-words.ts";

/** Something that a build takes from outside. */
export interface OutsideSource {
  /** As BuildKit asks for it; as written, where a variable's value is not known before the build. */
  readonly reference: string;
  /** Its line in the Dockerfile, counted from 1. */
  readonly line: number;
}

/** What a Dockerfile says of what its build depends on. */
export interface DockerfileFacts {
  /** The image of the frontend, when the Dockerfile or a build argument names one. */
  readonly syntax: string | undefined;
  /** The images, or named contexts, of `FROM`, `COPY --from` and `RUN --mount=from=` that are no stages of it. */
  readonly images: readonly OutsideSource[];
  /** What `ADD` downloads without a checksum or a commit. */
  readonly downloads: readonly OutsideSource[];
  /** The names of all build arguments that are declared. */
  readonly args: ReadonlySet<string>;
}

/** Options of {@link readDockerfile}. */
export interface ReadDockerfileOptions {
  readonly target?: string | undefined;
  readonly buildArgs?: Readonly<Record<string, string>> | undefined;
  /** The platform's parts by the names of their arguments: TARGETARCH and so on. */
  readonly platformArgs?: Readonly<Record<string, string>> | undefined;
}

interface Stage {
  readonly name: string | undefined;
  readonly line: number;
  readonly uses: OutsideSource[];
  readonly downloads: OutsideSource[];
  readonly args: Set<string>;
}

const BUILD_PLATFORM = ["BUILDPLATFORM", "BUILDOS", "BUILDARCH", "BUILDVARIANT"];

/**
 * Reads what a build of a Dockerfile depends on: only of the stages that the target needs, as BuildKit builds no
 * others. It does not check what BuildKit will check.
 * @throws OciError `invalid-argument` when there is no such target, or no stage at all
 */
export function readDockerfile(
  text: string,
  { target, buildArgs = {}, platformArgs = {} }: ReadDockerfileOptions = {},
): DockerfileFacts {
  const parsed = splitInstructions(text);
  const variables = new Map<string, string | undefined>([
    ...BUILD_PLATFORM.map((name) => [name, undefined] as const),
    ...Object.entries(platformArgs),
  ]);
  const args = new Set<string>();
  const stages: Stage[] = [];
  for (const instruction of parsed.instructions) {
    const stage = stages.at(-1);
    if (instruction.name === "FROM") stages.push(readFrom(instruction, variables, parsed));
    else if (instruction.name === "ARG") {
      for (const [name, value] of readArgs(instruction, parsed)) {
        (stage?.args ?? args).add(name);
        if (stage !== undefined) continue;
        const preset = Object.hasOwn(buildArgs, name) ? buildArgs[name] : undefined;
        variables.set(name, preset ?? expandVariables(value, variables));
      }
    } else if (stage !== undefined) readUses(instruction, stage, parsed);
  }
  const needed = neededStages(stages, target);
  return {
    syntax: buildArgs["BUILDKIT_SYNTAX"] ?? parsed.syntax,
    images: needed.flatMap(({ stage, outside }) => stage.uses.filter((use) => outside.has(use))),
    downloads: needed.flatMap(({ stage }) => stage.downloads),
    args: new Set([...args, ...needed.flatMap(({ stage }) => [...stage.args])]),
  };
}

function readFrom(
  { words, line }: Instruction,
  variables: Variables,
  { escape }: DockerfileText,
): Stage {
  const [image = "", as = "", name] = words.filter((word) => !word.startsWith("--"));
  const written = unquote(image, escape);
  return {
    name: as.toUpperCase() === "AS" ? name?.toLowerCase() : undefined,
    line,
    uses: [{ reference: expandVariables(written, variables) ?? written, line }],
    downloads: [],
    args: new Set(),
  };
}

function readArgs({ words }: Instruction, { escape }: DockerfileText): [string, string][] {
  return words.map((word) => {
    const text = unquote(word, escape);
    const at = text.indexOf("=");
    return at < 0 ? [text, ""] : [text.slice(0, at), text.slice(at + 1)];
  });
}

function readUses(
  { name, words, line }: Instruction,
  stage: Stage,
  { escape }: DockerfileText,
): void {
  const flags = words.filter((word) => word.startsWith("--")).map((word) => unquote(word, escape));
  const froms = flags.flatMap((flag) => {
    if (name === "COPY" && flag.startsWith("--from=")) return [flag.slice("--from=".length)];
    if (name !== "RUN" || !flag.startsWith("--mount=")) return [];
    const fields = flag.slice("--mount=".length).split(",");
    return fields.filter((field) => field.startsWith("from=")).map((field) => field.slice(5));
  });
  stage.uses.push(...froms.map((reference) => ({ reference, line })));
  if (name !== "ADD" || flags.some((flag) => flag.startsWith("--checksum="))) return;
  const sources = words.filter((word) => !word.startsWith("--")).slice(0, -1);
  for (const word of sources) {
    const reference = unquote(word, escape).replace(/^\[/, "").replace(/,$/, "");
    if (isDownload(reference)) stage.downloads.push({ reference, line });
  }
}

/** Whether `ADD` fetches it, and gets what is there at the time. A git commit is always the same. */
function isDownload(reference: string): boolean {
  if (!/^(?:https?|ssh|git):\/\/|^git@|^\$/.test(reference)) return false;
  return !/#[0-9a-f]{40}(?::|$)/.test(reference);
}

interface NeededStage {
  readonly stage: Stage;
  readonly outside: ReadonlySet<OutsideSource>;
}

/** The stages that the target is made of, with those of their sources that are no stages. */
function neededStages(
  stages: readonly Stage[],
  target: string | undefined,
): readonly NeededStage[] {
  const find = (reference: string, before: number): number => {
    const name = reference.toLowerCase();
    const named = stages.findLastIndex((stage, at) => at < before && stage.name === name);
    return named < 0 && /^\d{1,6}$/.test(name) && Number(name) < before ? Number(name) : named;
  };
  const last = target === undefined ? stages.length - 1 : find(target, stages.length);
  if (last < 0) throw noTarget(stages, target);
  const needed = new Set([last]);
  const found: NeededStage[] = [];
  for (const at of needed) {
    const stage = stages[at]!;
    const outside = new Set<OutsideSource>();
    for (const use of stage.uses) {
      const other = find(use.reference, at);
      if (other >= 0) needed.add(other);
      else if (use.reference !== "scratch") outside.add(use);
    }
    found.push({ stage, outside });
  }
  return found;
}

function noTarget(stages: readonly Stage[], target: string | undefined): OciError {
  const names = stages.flatMap(({ name }) => name ?? []);
  const there = names.length === 0 ? "none has a name" : names.join(", ");
  return new OciError(
    "invalid-argument",
    target === undefined
      ? "Dockerfile: expected a FROM, got none"
      : `Dockerfile: expected a stage ${quote(target)}, got: ${there}`,
    { details: { target, names } },
  );
}
