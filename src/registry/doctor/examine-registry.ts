// SPDX-License-Identifier: MIT
import type { AbortOptions } from "../../bytes/bytes.ts";
import { knownHabits } from "../habits/known-habits.ts";
import type { RegistryHabits } from "../habits/registry-habits.ts";
import type { RepositoryContext } from "../repository-context.ts";
import { placeByRules } from "../mirrors/open-by-rules.ts";
import { openRepository, type RegistryOptions } from "../repository.ts";
import { openTransport } from "../transport/transport.ts";
import type { Probe, ProbeName } from "./probe.ts";
import { findSample, probeAccess, probeReading } from "./read-probes.ts";
import { probeWriting, WRITING } from "./write-probes.ts";

export interface ExamineOptions extends AbortOptions {
  readonly registry?: RegistryOptions | undefined;
  /** Also ask what can only be found out by writing into the repository. Nothing of it stays. */
  readonly write?: boolean | undefined;
}

/** What a registry does, as it showed, and what was known of it before. */
export interface RegistryReport {
  readonly registry: string;
  readonly repository: string | undefined;
  /** Every question, whether it could be asked or not. */
  readonly probes: readonly Probe[];
  readonly habits: RegistryHabits;
}

const READING: readonly ProbeName[] = ["page-size", "range", "referrers", "sha512"];

/**
 * Asks a registry what it can do. Without a repository only whether it answers, and as whom; writing needs a
 * repository too. What goes wrong is an answer, not an error.
 * @throws OciError `invalid-reference`, `aborted`; `invalid-config` for the user's file of habits; `registry-refused` and
 * others for the machine's rules
 */
export async function examineRegistry(
  where: { readonly registry: string; readonly repository?: string | undefined },
  { registry: reach = {}, write = false, signal }: ExamineOptions = {},
): Promise<RegistryReport> {
  const { place, options } = await placeByRules(where, reach);
  const { registry, repository } = place;
  const transport = openTransport(registry, options);
  const habits = knownHabits(registry, options.habits);
  const context: RepositoryContext = {
    transport,
    repository: repository ?? "",
    name: repository === undefined ? registry : `${registry}/${repository}`,
    habits,
    learned: { checksManifests: habits.checksManifests ?? false },
    journal: undefined,
  };
  try {
    const probes = await examine(context, { registry: options, write, signal });
    return { registry, repository, habits, probes };
  } finally {
    await transport.close();
  }
}

async function examine(
  context: RepositoryContext,
  { registry: options, write, signal }: ExamineOptions,
): Promise<readonly Probe[]> {
  const { transport, repository } = context;
  const access = await probeAccess(context, { signal });
  if (access.some(({ outcome }) => outcome !== "yes")) {
    return [...access, ...notAsked([...READING, ...WRITING], "the registry lets nobody in")];
  }
  if (repository === "") {
    return [...access, ...notAsked([...READING, ...WRITING], "needs a repository: HOST/REPO")];
  }
  const store = openRepository(
    { registry: transport.registry, repository },
    { ...options, transport },
  );
  const sample = await findSample(store, { signal });
  const reading = await probeReading(context, sample, { signal });
  const writing =
    write === true
      ? await probeWriting(context, sample, { signal })
      : notAsked(WRITING, "needs --write");
  return [...access, ...reading, ...writing];
}

function notAsked(names: readonly ProbeName[], detail: string): readonly Probe[] {
  return names.map((name) => ({ name, outcome: "not-asked", detail }));
}
