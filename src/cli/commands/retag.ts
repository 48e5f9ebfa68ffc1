// SPDX-License-Identifier: MIT
import { shortDigest } from "../../oci/digest.ts";
import { prose, withRegistry, type Outcome, type Register, type Session } from "../command.ts";
import { parseConfigured, storeOf } from "../input/configured.ts";
import { DONE } from "../exit-status.ts";

interface RetagFlags {
  readonly json?: true;
  readonly dryRun?: true;
}

export const retagCommand: Register = (program, invoke) => {
  withRegistry(program.command("retag <SRC> <TAG...>"))
    .summary("one manifest PUT a tag, no blob traffic")
    .description(
      prose(`
        Gives an image or an index that is in a registry or a layout further tags. The manifest is
        read once and put once a tag; no layer is moved, nothing is converted.`),
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
  const { signal, registry } = context;
  const [{ openReference, openTarget }, { formatLocation }, { parseTag }] = await Promise.all([
    import("../../image/open-reference.ts"),
    import("../../image/location.ts"),
    import("../../oci/reference.ts"),
  ]);
  tags.forEach(parseTag);
  const location = await parseConfigured(source, context);
  const place = storeOf(location);
  const from = await openReference(location, { signal, registry });
  const root = await from.root({ signal });
  await from.close();
  if (!dryRun) {
    const { store } = await openTarget(place, { signal, registry });
    for (const tag of tags) await store.tag(root, tag, { signal });
  }
  const name = formatLocation(place);
  const verb = dryRun ? "would tag" : "tagged";
  return {
    status: DONE,
    document: { store: name, digest: root.digest, tags, dryRun },
    text: tags.map((tag) => `${verb} ${shortDigest(root.digest)} as ${tag} in ${name}\n`).join(""),
  };
}
