// SPDX-License-Identifier: MIT
import type { Collected } from "../../store/prune/collect-garbage.ts";
import { OciError } from "../../oci/errors.ts";
import { prose, withJson, type Outcome, type Register, type Session } from "../command.ts";
import type { Context } from "../context.ts";
import { DONE } from "../exit-status.ts";
import { parseDuration } from "../input/duration.ts";
import { parseConfigured } from "../input/configured.ts";
import { count, formatBytes, table } from "../output/format.ts";

interface PruneFlags {
  readonly json?: true;
  readonly yes?: true;
  readonly dryRun?: true;
  readonly minAge?: string;
}

export const pruneCommand: Register = (program, invoke) => {
  withJson(program.command("prune <REF>"))
    .summary("what nothing refers to in a layout: the plan, then deleted")
    .description(
      prose(`
        Lists the blobs of an OCI layout that no entry of its index.json leads to, as images that were
        replaced or untagged leave them. With --yes they are deleted. While somebody writes into the
        layout, what is younger than an hour stays: a copy stores blobs before the tag that names them.`),
    )
    .option("--yes", "delete what is listed")
    .option("--dry-run", "only list it, whatever else is said")
    .option("--min-age <DURATION>", "keep what was stored more recently than that, as 30m or 7d")
    .addHelpText(
      "after",
      `
Examples:
  oci-kit prune oci:out/mirror
  oci-kit prune oci:out/mirror --yes
  oci-kit prune oci:out/mirror --min-age 7d --yes`,
    )
    .action(async (reference: string, flags: PruneFlags) =>
      invoke(flags, (session) => prune(reference, flags, session)),
    );
};

async function prune(reference: string, flags: PruneFlags, { context }: Session): Promise<Outcome> {
  const { signal, limits } = context;
  const asked = flags.minAge === undefined ? undefined : parseDuration("--min-age", flags.minAge);
  const directory = await layoutOf(reference, context);
  const [{ openLayout }, { collectGarbage, isBeingWritten }] = await Promise.all([
    import("../../store/layout/layout.ts"),
    import("../../store/prune/collect-garbage.ts"),
  ]);
  const layout = await openLayout(directory, { limits, signal });
  // undefined means the library's default of an hour, which protects what other processes are writing
  const minAge = asked ?? (isBeingWritten(layout) ? undefined : 0);
  const dryRun = flags.yes !== true || flags.dryRun === true;
  return outcomeOf(
    layout.name,
    dryRun,
    await collectGarbage(layout, { minAge, dryRun, limits, signal }),
  );
}

/** The directory of the layout to prune. A tag or digest is refused, because a layout is pruned as a whole. */
async function layoutOf(reference: string, context: Context): Promise<string> {
  const location = await parseConfigured(reference, context);
  if (location.kind === "path") return location.path;
  if (location.kind === "oci" && (location.tag ?? location.digest) === undefined) {
    return location.directory;
  }
  throw new OciError(
    "invalid-argument",
    `prune: expected a layout, as oci:DIR, got ${JSON.stringify(reference)}`,
    {
      hint:
        location.kind === "oci"
          ? `The layout is pruned whole: oci-kit prune oci:${location.directory}`
          : "An archive is written whole, and a registry prunes itself.",
    },
  );
}

function outcomeOf(store: string, dryRun: boolean, collected: Collected): Outcome {
  const { removed, removedBytes, kept } = collected;
  const rows = removed.map(({ digest, size }) => [`  ${digest}`, formatBytes(size)]);
  const what = `${count(removed.length, "blob")}, ${formatBytes(removedBytes)}`;
  const verb = dryRun ? "would delete" : "deleted";
  const more = dryRun && removed.length > 0 ? "; --yes deletes them" : "";
  return {
    status: DONE,
    document: { store, dryRun, removed, removedBytes, kept },
    lines: [`${store}: ${verb} ${what}; ${kept} stay${more}`, ...table(rows)],
  };
}
