// SPDX-License-Identifier: MIT
import { shortDigest } from "../../oci/digest.ts";
import { withJson, type Outcome, type Register, type Session } from "../command.ts";
import { openConfigured, storeOf } from "../configured.ts";
import { DONE } from "../exit-status.ts";

interface RetagFlags {
  readonly json?: true;
  readonly dryRun?: true;
}

export const retagCommand: Register = (program, invoke) => {
  withJson(program.command("retag <SRC> <TAG...>"))
    .summary("one manifest PUT a tag, no blob traffic")
    .description(
      `Gives an image or an index that is in a registry or a layout further tags. The manifest is
read once and put once a tag; no layer is moved, nothing is converted.`,
    )
    .option("--dry-run", "say what would be tagged")
    .addHelpText(
      "after",
      `
Examples:
  oci-kit retag ghcr.io/family/image:latest-cross 2026.11 stable
  oci-kit retag latest-cross latest                   # tags of the configured repository
  oci-kit retag oci:out/mirror:latest-cross latest`,
    )
    .action(async (source: string, tags: readonly string[], flags: RetagFlags) =>
      invoke(flags, (session) => retag(source, tags, flags.dryRun === true, session)),
    );
};

async function retag(
  source: string,
  tags: readonly string[],
  dryRun: boolean,
  { context }: Session,
): Promise<Outcome> {
  const [{ retag: setTag }, { openTarget }] = await Promise.all([
    import("../../image/retag.ts"),
    import("../../image/open-reference.ts"),
  ]);
  const { signal } = context;
  const from = await openConfigured(source, context);
  try {
    const { digest } = await from.root({ signal });
    if (!dryRun) {
      const target = await openTarget(storeOf(from.location), { signal });
      for (const tag of tags) await setTag(target.store, digest, tag, { signal });
      await target.close();
    }
    const verb = dryRun ? "would tag" : "tagged";
    return {
      status: DONE,
      document: { store: from.store.name, digest, tags, dryRun },
      text: tags
        .map((tag) => `${verb} ${shortDigest(digest)} as ${tag} in ${from.store.name}\n`)
        .join(""),
    };
  } finally {
    await from.close();
  }
}
