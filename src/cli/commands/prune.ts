// SPDX-License-Identifier: MIT
import type { Collected } from "../../store/prune/collect-garbage.ts";
import type { PrunedRepository } from "../../store/prune/prune-repository.ts";
import type { Reference } from "../../oci/reference.ts";
import { OciError } from "../../oci/errors.ts";
import { prose, withRegistry, type Outcome, type Register, type Session } from "../command.ts";
import { DONE } from "../exit-status.ts";
import { parseDuration } from "../input/values/duration.ts";
import { parseConfigured } from "../input/configured.ts";
import { formatBytes } from "../../bytes/format-bytes.ts";
import { count, table } from "../../report/text/format.ts";

interface PruneFlags {
  readonly json?: true;
  readonly yes?: true;
  readonly dryRun?: true;
  readonly most?: true;
  readonly olderThan?: string;
  readonly chain?: true;
  readonly builder?: string;
}

/** What may go at once without --most. */
const MOST_SHARE = 0.5;

export const pruneCommand: Register = (program, invoke) => {
  withRegistry(program.command("prune [REF]"))
    .summary("what no tag leads to in a layout or a repository: the plan, then deleted")
    .description(
      prose(`
        Lists what nothing leads to, and with --yes deletes it. What tags lead to stays: children of
        indexes, referrers, subjects, and the five indexes that a published one remembers for manifest
        rollback. Anything that can't be read ends it before anything is deleted.

        Of a layout, these are the blobs that no entry of its index.json leads to, as images that were
        replaced or untagged leave them. While somebody writes into it, what is younger than an hour
        stays: a copy stores blobs before the tag that names them. Of a layout that oci-kit serve has
        served, manifests without a tag stay for 30 days after their push, or after they lost their tag.

        Of a repository, these are manifests without a tag that are as old. Only oci-kit serve lists them;
        other registries collect them themselves, which this says.

        More than half of ten or more is deleted only with --most; so is anything of a repository in which
        no tag is listed.

        With --chain instead of a reference: what the chain of oci-kit.yaml leaves on this machine. Layouts
        that no image of it is saved in any more, what nothing leads to in the others, contexts of builds
        that were killed, what is old in the cache directory, and the builder's cache, which the builder
        itself prunes; never its cache mounts.`),
    )
    .option("--yes", "delete what is listed")
    .option("--dry-run", "only list it, whatever else is said")
    .option("--older-than <DURATION>", "only what has been unwanted for longer, as 30m or 7d")
    .option("--most", "also if it is more than half of all, or no tag is listed")
    .option("--chain", "what the chain leaves on this machine, instead of a reference")
    .option("--builder <NAME>", "with --chain: the builder whose cache is meant")
    .addHelpText(
      "after",
      `
Examples:
  oci-kit prune oci:out/mirror
  oci-kit prune oci:out/mirror --yes
  oci-kit prune oci:out/registry --older-than 7d --yes
  oci-kit prune localhost:5000/team/app
  oci-kit prune --chain
  oci-kit prune --chain --older-than 7d --yes`,
    )
    .action(async (reference: string | undefined, flags: PruneFlags) =>
      invoke(flags, (session) => prune(reference, flags, session)),
    );
};

async function prune(
  reference: string | undefined,
  flags: PruneFlags,
  session: Session,
): Promise<Outcome> {
  checkWhat(reference, flags);
  const age =
    flags.olderThan === undefined ? undefined : parseDuration("--older-than", flags.olderThan);
  const dryRun = flags.yes !== true || flags.dryRun === true;
  const how = { age, dryRun, mostShare: flags.most === true ? 1 : MOST_SHARE };
  if (reference === undefined) {
    const { pruneChain } = await import("./prune-chain.ts");
    return pruneChain({ ...how, builder: flags.builder }, session);
  }
  const location = await parseConfigured(reference, session.context);
  if (location.kind === "path") return pruneLayout(location.path, how, session);
  if (location.kind === "oci" && (location.tag ?? location.digest) === undefined) {
    return pruneLayout(location.directory, how, session);
  }
  if (location.kind === "registry") {
    const { tag, digest } = location.reference;
    if ((tag ?? digest) === undefined) return pruneRegistry(location.reference, how, session);
  }
  throw new OciError(
    "invalid-argument",
    `prune: expected a layout, as oci:DIR, or a repository, as HOST/REPO, got ${JSON.stringify(reference)}`,
    {
      hint:
        location.kind === "oci"
          ? `The layout is pruned whole: oci-kit prune oci:${location.directory}`
          : location.kind === "registry"
            ? `The repository is pruned whole: oci-kit prune ${location.reference.registry}/${location.reference.repository}`
            : "An archive is written whole.",
    },
  );
}

function checkWhat(reference: string | undefined, { chain, builder }: PruneFlags): void {
  if ((reference === undefined) === (chain === true) && (chain === true || builder === undefined)) {
    return;
  }
  const got = [reference, chain && "--chain", builder && "--builder"].filter(Boolean).join(" and ");
  throw new OciError(
    "invalid-argument",
    `prune: expected a layout or a repository, or --chain, got ${got === "" ? "neither" : JSON.stringify(got)}`,
    { hint: "oci-kit prune oci:DIR, oci-kit prune HOST/REPO, or oci-kit prune --chain" },
  );
}

interface How {
  readonly age: number | undefined;
  readonly dryRun: boolean;
  readonly mostShare: number;
}

async function pruneLayout(
  directory: string,
  { age, dryRun, mostShare }: How,
  { context: { limits, signal } }: Session,
): Promise<Outcome> {
  const [{ openLayout }, { collectGarbage, isBeingWritten }] = await Promise.all([
    import("../../store/layout/layout.ts"),
    import("../../store/prune/collect-garbage.ts"),
  ]);
  const layout = await openLayout(directory, { limits, signal });
  // undefined means the library's default of an hour, which protects what other processes are writing
  const minAge = age ?? (isBeingWritten(layout) ? undefined : 0);
  const options = { minAge, untaggedAge: age, dryRun, mostShare, limits, signal };
  return layoutOutcome(layout.name, dryRun, await collectGarbage(layout, options));
}

async function pruneRegistry(
  { registry, repository }: Reference,
  { age, dryRun, mostShare }: How,
  { context }: Session,
): Promise<Outcome> {
  const [{ openByRules }, { pruneRepository }] = await Promise.all([
    import("../../registry/mirrors/open-by-rules.ts"),
    import("../../store/prune/prune-repository.ts"),
  ]);
  const { limits, signal } = context;
  const store = await openByRules({ registry, repository }, "write", context.registry);
  const options = { untaggedAge: age, dryRun, mostShare, limits, signal };
  return repositoryOutcome(store.name, dryRun, await pruneRepository(store, options));
}

function layoutOutcome(store: string, dryRun: boolean, collected: Collected): Outcome {
  const { removed, removedBytes, kept, suspicious } = collected;
  const untagged = collected.untagged.map(({ repository, digest, since }) => ({
    repository,
    digest,
    since: new Date(since).toISOString(),
  }));
  const what = `${count(removed.length, "blob")}, ${formatBytes(removedBytes)}`;
  return {
    status: DONE,
    document: { store, dryRun, removed, removedBytes, kept, untagged, suspicious },
    lines: [
      headline({ store, dryRun, what, goes: removed.length + untagged.length, kept, suspicious }),
      ...table(removed.map(({ digest, size }) => [`  ${digest}`, formatBytes(size)])),
      ...untagged.map(
        ({ repository, digest, since }) =>
          `  ${repository}@${digest}: without a tag since ${since}`,
      ),
    ],
  };
}

function repositoryOutcome(store: string, dryRun: boolean, pruned: PrunedRepository): Outcome {
  const listed = (manifests: PrunedRepository["removed"]): { digest: string; since: string }[] =>
    manifests.map(({ descriptor: { digest }, since }) => ({
      digest,
      since: new Date(since).toISOString(),
    }));
  const { kept, tags, suspicious } = pruned;
  const [removed, spared] = [listed(pruned.removed), listed(pruned.spared)];
  const what = count(removed.length, "manifest");
  return {
    status: DONE,
    document: { store, dryRun, removed, spared, kept, tags, suspicious },
    lines: [
      headline({ store, dryRun, what, goes: removed.length, kept, suspicious, tags }),
      ...removed.map(({ digest, since }) => `  ${store}@${digest}: without a tag since ${since}`),
      ...spared.map(({ digest }) => `  ${store}@${digest}: stays, it was used meanwhile`),
    ],
  };
}

interface Headline {
  readonly store: string;
  readonly dryRun: boolean;
  readonly what: string;
  readonly goes: number;
  readonly kept: number;
  readonly suspicious: boolean;
  /** Of a repository. */
  readonly tags?: number;
}

function headline({ store, dryRun, what, goes, kept, suspicious, tags }: Headline): string {
  const verb = dryRun ? "would delete" : "deleted";
  const words = suspicious
    ? `--yes --most deletes them: ${tags === 0 ? "no tag is listed" : "they are more than half"}`
    : "--yes deletes them";
  const more = dryRun && goes > 0 ? `; ${words}` : "";
  return `${store}: ${verb} ${what}; ${kept} stay${more}`;
}
