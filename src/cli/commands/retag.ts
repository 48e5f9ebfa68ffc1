// SPDX-License-Identifier: MIT
import { OciError } from "../../oci/errors.ts";
import { quote } from "../../oci/quote.ts";
import { prose, withRegistry, type Outcome, type Register, type Session } from "../command.ts";
import { parseConfigured } from "../input/configured.ts";
import { referenceOptions, type ReferenceFlags } from "../input/reference-options.ts";
import { DONE } from "../exit-status.ts";

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
    .action(async (source: string, tags: readonly string[], flags: ReferenceFlags) =>
      invoke(flags, (session) => retag(source, tags, flags, session)),
    );
};

async function retag(
  source: string,
  names: readonly string[],
  flags: ReferenceFlags,
  session: Session,
): Promise<Outcome> {
  refuseReferences(names);
  const { retagReference } = await import("../../image/by-reference/retag-reference.ts");
  const options = await referenceOptions(flags, session);
  const { store, root, tags } = await retagReference(
    await parseConfigured(source, session.context),
    names,
    options,
  );
  const { dryRun } = options;
  const verb = dryRun ? "would tag" : "tagged";
  return {
    status: DONE,
    document: { store, digest: root.digest, tags, dryRun },
    lines: tags.map((tag) => `${verb} ${root.digest} as ${tag} in ${store}`),
  };
}

/** Refuses `HOST/REPO:TAG`, which docker tag takes. */
function refuseReferences(names: readonly string[]): void {
  const got = names.find((name) => name.includes(":") || name.includes("/"));
  if (got === undefined) return;
  const tag = got.slice(got.lastIndexOf(":") + 1);
  const hint = `The image stays where it is: oci-kit retag SRC ${tag.includes("/") ? "TAG" : tag}. Elsewhere it gets to by oci-kit copy SRC DST.`;
  throw new OciError("invalid-argument", `tag: expected a tag alone, got ${quote(got)}`, { hint });
}
