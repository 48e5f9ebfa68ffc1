// SPDX-License-Identifier: MIT
import type { DeletedReference } from "../../image/by-reference/delete-reference.ts";
import { prose, withRegistry, type Outcome, type Register, type Session } from "../command.ts";
import { parseConfigured } from "../input/configured.ts";
import { referenceOptions, type ReferenceFlags } from "../input/reference-options.ts";
import { DONE } from "../exit-status.ts";
import { count } from "../../report/text/format.ts";

interface DeleteFlags extends ReferenceFlags {
  readonly manifest?: true;
}

export const deleteCommand: Register = (program, invoke) => {
  withRegistry(program.command("delete <REF>"))
    .summary("a tag; with --manifest what it names")
    .description(
      prose(`
        Deletes a tag of a registry or a layout; what it names stays under its digest and its other
        tags. Some registries, distribution 2 among them, can't delete a tag alone: that is said, and
        which tags would go with the manifest.

        With --manifest the manifest or index goes, with every tag that names it. It is said where
        artifacts refer to it, or an index lists it. Blobs stay until the registry collects its garbage
        (of a layout: oci-kit prune).`),
    )
    .option("--manifest", "delete what the tag or the digest names, with all its tags")
    .option("--dry-run", "say what would be deleted")
    .addHelpText(
      "after",
      `
Examples:
  oci-kit delete ghcr.io/family/image:old
  oci-kit delete --manifest --dry-run localhost:5000/family/image@sha256:…
  oci-kit delete --manifest localhost:5000/family/image:old
  oci-kit delete oci:out/mirror:old`,
    )
    .action(async (reference: string, flags: DeleteFlags) =>
      invoke(flags, (session) => remove(reference, flags, session)),
    );
};

async function remove(reference: string, flags: DeleteFlags, session: Session): Promise<Outcome> {
  const { deleteReference } = await import("../../image/by-reference/delete-reference.ts");
  const options = await referenceOptions(flags, session);
  const location = await parseConfigured(reference, session.context);
  const result = await deleteReference(location, { ...options, manifest: flags.manifest });
  const { store, deleted, root, tags, referrers, parents, manifestGone } = result;
  const { dryRun } = options;
  const isSure = !dryRun || deleted === "manifest" || location.kind !== "registry";
  const doubt = isSure ? "" : ", if the registry can delete a tag alone";
  return {
    status: DONE,
    document: {
      ...{ store, deleted, digest: root.digest, tags, referrers },
      parents: parents.map(({ tag, descriptor }) => ({ tag, digest: descriptor?.digest })),
      ...{ manifestGone, dryRun },
    },
    lines: [`${dryRun ? "would delete" : "deleted"} ${whatWent(result)}${doubt}`],
    notices: warnings(result, dryRun),
  };
}

function whatWent({ store, deleted, root, tags, manifestGone }: DeletedReference): string {
  if (deleted === "manifest") {
    const noun = tags.length === 1 ? "tag" : "tags";
    const also = tags.length === 0 ? "which no tag names" : `with the ${noun} ${tags.join(", ")}`;
    return `${root.digest} of ${store}, ${also}`;
  }
  const rest = manifestGone ? "" : `; ${root.digest} stays`;
  return `the tag ${tags.join(", ")} of ${store}${rest}`;
}

function warnings(result: DeletedReference, dryRun: boolean): readonly string[] {
  const { deleted, root, referrers, parents, manifestGone } = result;
  if (deleted === "tag") {
    const gone = `the registry deleted ${root.digest} with its tag, and whatever other tags it had`;
    return manifestGone ? [gone] : [];
  }
  const one = referrers.length === 1;
  const verb = dryRun ? "would speak" : one ? "now speaks" : "now speak";
  const named = referrers.map(({ digest }) => digest).join(", ");
  const left = `${count(referrers.length, "artifact")} ${verb} of nothing: ${named}`;
  return [
    ...(referrers.length > 0 ? [left] : []),
    ...parents.map(
      ({ tag, descriptor }) =>
        `the index ${tag} (${descriptor?.digest ?? ""}) lists it, and ${dryRun ? "would be" : "is"} incomplete without it`,
    ),
  ];
}
