// SPDX-License-Identifier: MIT
import type { ImageEdit } from "../../image/edit/edit-images.ts";
import type { OpenReference } from "../../image/open-reference.ts";
import { prose, withRegistry, type Outcome, type Register, type Session } from "../command.ts";
import { openConfigured } from "../input/configured.ts";
import type { EditFlags } from "./write-edited.ts";

interface RebaseFlags extends EditFlags {
  readonly oldBase: string;
  readonly newBase: string;
}

export const rebaseCommand: Register = (program, invoke) => {
  withRegistry(program.command("rebase <SRC> <DST>"))
    .summary("an image on another base, its own layers as they are")
    .description(
      prose(`
        Takes the layers of the old base from below an image and puts those of the new one there. The
        image has to begin with all layers of the old base. Its configuration stays as it is; the
        annotations that name the base are set. No layer is read, and none is moved that the target
        has. Of an index every image is rebased, each on the base for its platform, unless --platform
        takes one; attestations are left out, because they speak of the old images.`),
    )
    .requiredOption("--old-base <REF>", "the image that SRC was built on")
    .requiredOption("--new-base <REF>", "the image to put it on")
    .option("--platform <PLATFORM>", "only the image of an index for this platform")
    .option("--dry-run", "say what would be written")
    .addHelpText(
      "after",
      `
Examples:
  oci-kit rebase HOST/APP:1 HOST/APP:1-fixed --old-base HOST/BASE@sha256:… --new-base HOST/BASE:12`,
    )
    .action(async (source: string, destination: string, flags: RebaseFlags) =>
      invoke(flags, (session) => rebase(source, destination, flags, session)),
    );
};

async function rebase(
  source: string,
  destination: string,
  flags: RebaseFlags,
  session: Session,
): Promise<Outcome> {
  const { context } = session;
  const [{ writeEdited }, { rebaseImage }, { formatLocation }, { imageOf }] = await Promise.all([
    import("./write-edited.ts"),
    import("../../image/edit/rebase-image.ts"),
    import("../../image/location.ts"),
    import("../input/open-image.ts"),
  ]);
  const bases: OpenReference[] = [];
  try {
    const oldBase = await openConfigured(flags.oldBase, context);
    bases.push(oldBase);
    const newBase = await openConfigured(flags.newBase, context);
    bases.push(newBase);
    const { location } = newBase;
    const name = location.kind === "registry" ? formatLocation(location) : undefined;
    const edit: ImageEdit = async (view) => {
      const { architecture, os, variant } = view.config.value;
      const platform = { architecture, os, variant };
      const [below, above] = [
        await imageOf(oldBase, platform, context),
        await imageOf(newBase, platform, context),
      ];
      return rebaseImage(view, below, above, { name });
    };
    return await writeEdited({ source, destination, flags, edit }, session);
  } finally {
    for (const base of bases) await base.close();
  }
}
