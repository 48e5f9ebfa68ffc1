// SPDX-License-Identifier: MIT
import type { AbortOptions } from "../../bytes/bytes.ts";
import { elfArchitecture } from "../../elf/elf-header.ts";
import type { ExecutionConfig } from "../../oci/documents/image-config.ts";
import type { Limits } from "../../oci/limits.ts";
import type { ByteString } from "../../bytes/byte-string.ts";
import type { ClosureReport } from "../closure/closure-report.ts";
import type { ReadableRoot } from "../facts/image-facts.ts";
import { searchPath } from "../search-path.ts";
import { checkCommands } from "./check-commands.ts";
import { checkSearchPath, checkWorkingDirectory } from "./check-directories.ts";
import { checkMachines } from "./check-machines.ts";
import { followPrograms, tellClosure } from "./check-programs.ts";
import { checkScripts } from "./check-scripts.ts";
import { checkUser } from "./check-user.ts";
import type { Examination } from "./examination.ts";
import type { ImageCounts, ImageFinding, ImageFindingCode } from "./image-report.ts";
import type { RootChecks } from "./further-checks.ts";
import { findOwnTrees } from "./own-trees.ts";
import { isExecutable, type RootSurvey } from "./root-survey.ts";
import type { OnVerifyProgress } from "./verify-progress.ts";

export interface VerifyRootOptions extends AbortOptions {
  readonly execution?: ExecutionConfig | undefined;
  /** As in a configuration: `arm64`. Default: that of most programs. */
  readonly architecture?: string | undefined;
  readonly limits?: Partial<Limits> | undefined;
  /** Checks that were told every path of the survey. */
  readonly checks?: RootChecks | undefined;
  readonly onProgress?: OnVerifyProgress;
}

export interface VerifiedRoot {
  readonly findings: readonly ImageFinding[];
  readonly checked: Omit<ImageCounts, "layers">;
  readonly closure: ClosureReport;
  /** What the configuration starts, paths without links. */
  readonly started: ReadonlySet<ByteString>;
}

/**
 * Runs all checks of a root filesystem: what the configuration starts, who runs it and where, the machine of
 * every object, the loader and libraries of every program, what runs each script. Nothing is executed.
 * @throws what the root throws when it can't be read; OciError `aborted`
 */
export async function verifyRoot(
  { root, read }: ReadableRoot,
  survey: RootSurvey,
  options: VerifyRootOptions = {},
): Promise<VerifiedRoot> {
  const { execution = {}, architecture = usualMachine(survey), limits, signal, checks } = options;
  const search = searchPath(root, execution.Env, limits);
  const findings: ImageFinding[] = [];
  const examination: Examination = {
    ...{ root, read, survey, execution, search, architecture, limits, signal, findings },
  };
  const { commands, paths: started } = checkCommands(examination, await checkUser(examination));
  const judged = checks?.trees ?? [];
  const ownTrees = [
    ...judged.flatMap(({ place, architecture: own }) => (own === undefined ? [] : [place])),
    ...(await findOwnTrees(examination)),
  ];
  const { onProgress } = options;
  const closure = await followPrograms(examination, { started, ownTrees, onProgress });
  const foreign = await checkMachines(examination, { started, ownTrees, closure, judged });
  findings.push(...tellClosure(closure, (path) => foreign.has(path)));
  checkScripts(examination, started);
  checkWorkingDirectory(examination);
  checkSearchPath(examination);
  const usual = findings.filter(
    ({ code }) => checks?.replaces.has(code as ImageFindingCode) !== true,
  );
  const further = (await checks?.finish(examination)) ?? [];
  const { paths, objects, scripts } = survey;
  const counts = { objects: objects.length, programs: closure.programs.length };
  const checked = { paths, ...counts, scripts: scripts.length, commands };
  return { findings: [...usual, ...further], checked, closure, started };
}

/** The architecture of most programs; undefined where there are none. */
export function usualMachine({ objects }: RootSurvey): string | undefined {
  const counts = new Map<string, number>();
  for (const { node, header } of objects) {
    const architecture = header && isExecutable(node) ? elfArchitecture(header) : undefined;
    if (architecture !== undefined) counts.set(architecture, (counts.get(architecture) ?? 0) + 1);
  }
  return [...counts].sort(([, one], [, other]) => other - one)[0]?.[0];
}
