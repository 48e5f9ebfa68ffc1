// SPDX-License-Identifier: MIT
import type { ImageEdit } from "../../image/edit-images.ts";
import type { Image } from "../../image/image.ts";
import type { OpenReference } from "../../image/open-reference.ts";
import type { Platform } from "../../oci/platform.ts";
import { prose, withRegistry, type Outcome, type Register, type Session } from "../command.ts";
import { openConfigured } from "../configured.ts";
import type { Context } from "../context.ts";
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
  const [{ writeEdited }, { rebaseImage }, { formatLocation }] = await Promise.all([
    import("./write-edited.ts"),
    import("../../image/rebase-image.ts"),
    import("../../image/location.ts"),
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
      const platform = view.config.value;
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

/** The image of a base that is for a platform. @throws OciError `not-found`, `wrong-architecture` */
async function imageOf(
  base: OpenReference,
  { architecture, os, variant }: Platform,
  { signal }: Context,
): Promise<Image> {
  const [{ findImage }, { readImage }] = await Promise.all([
    import("../../image/find-image.ts"),
    import("../../image/image.ts"),
  ]);
  const root = await base.root({ signal });
  const found = await findImage(base.store, root, { architecture, os, variant }, { signal });
  return readImage(base.store, found, { signal });
}
