// SPDX-License-Identifier: MIT
import type { ImageEdit } from "../../image/edit/edit-images.ts";
import { prose, withRegistry, type Outcome, type Register, type Session } from "../command.ts";
import { showIndexing } from "../output/show-indexing.ts";
import type { EditFlags } from "./write-edited.ts";

interface FlattenFlags extends EditFlags {
  readonly compression?: string;
}

export const flattenCommand: Register = (program, invoke) => {
  withRegistry(program.command("flatten <SRC> <DST>"))
    .summary("an image with one layer in place of all")
    .description(
      prose(`
        Writes the merged filesystem of an image as its only layer: what upper layers removed or
        replaced is gone, hard links are kept, the configuration stays. The same image gives the same
        layer. Of an index every image is flattened, unless --platform takes one; attestations are left
        out, because they speak of the old images. SOURCE_DATE_EPOCH sets the time of the image.`),
    )
    .option("--platform <PLATFORM>", "only the image of an index for this platform")
    .option("--compression <KIND>", "of the layer: gzip, zstd or none")
    .option("--dry-run", "say what would be written")
    .addHelpText(
      "after",
      `
Examples:
  oci-kit flatten latest-cross oci:out/flat:latest
  oci-kit flatten --platform linux/riscv64 --compression zstd HOST/REPO:TAG HOST/REPO:flat`,
    )
    .action(async (source: string, destination: string, flags: FlattenFlags) =>
      invoke(flags, (session) => flatten(source, destination, flags, session)),
    );
};

async function flatten(
  source: string,
  destination: string,
  flags: FlattenFlags,
  session: Session,
): Promise<Outcome> {
  const [{ writeEdited }, { compressionOf }, { createdOf }, { flattenImage }, { openFilesystem }] =
    await Promise.all([
      import("./write-edited.ts"),
      import("./assemble-flags.ts"),
      import("../input/created.ts"),
      import("../../rootfs/export/flatten-image.ts"),
      import("../input/open-image.ts"),
    ]);
  const { context, progress } = session;
  const options = {
    created: createdOf(context.env),
    compression: compressionOf(flags.compression),
  };
  const edit: ImageEdit = async (view) => {
    const root = await openFilesystem(view.image, context, showIndexing(progress));
    return flattenImage(view, root, options);
  };
  return writeEdited({ source, destination, flags, edit }, session);
}
