// SPDX-License-Identifier: MIT
import {
  prose,
  withRegistry,
  withReplace,
  type Outcome,
  type Register,
  type Session,
} from "../command.ts";
import { compressionOf, compressionPart } from "../input/compression.ts";
import { COMPRESSION, RATE } from "../input/compression-words.ts";
import { parseConfigured } from "../input/configured.ts";
import { createdOf } from "../input/values/created.ts";
import { indexCacheOf } from "../input/index-cache.ts";
import { parseTarget } from "../input/target.ts";
import { referenceOptions, type ReferenceFlags } from "../input/reference-options.ts";
import { editedOutcome } from "./edited-outcome.ts";
import { isIndexing, showIndexing } from "../progress/show-indexing.ts";
import { showWriting } from "../progress/show-copy.ts";

interface FlattenFlags extends ReferenceFlags {
  readonly compression?: string;
  readonly rate?: string;
}

export const flattenCommand: Register = (program, invoke) => {
  withReplace(withRegistry(program.command("flatten <SRC> <DST>")))
    .summary("an image with one layer in place of all")
    .description(
      prose(`
        Writes the merged filesystem of an image as its only layer: what upper layers removed or
        replaced is gone, hard links are kept, the configuration stays. The same image gives the same
        layer. Of an index every image is flattened, unless --platform takes one; attestations are left
        out, because they speak of the old images. SOURCE_DATE_EPOCH sets the time of the image.`),
    )
    .option("--platform <PLATFORM>", "only the image of an index for this platform")
    .option("--compression <KIND>", COMPRESSION)
    .option("--rate <RATE>", RATE)
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
  const { context, progress } = session;
  const { flattenReference } = await import("../../rootfs/export/flatten-reference.ts");
  const options = await referenceOptions(flags, session);
  const to = await parseTarget(destination, options.dryRun, session);
  const choice = await compressionOf(flags, session, to.location);
  const show = { indexing: showIndexing(progress), writing: showWriting(progress) };
  const edited = await flattenReference(await parseConfigured(source, context), to.location, {
    ...options,
    created: createdOf(context.env),
    ...choice,
    cache: await indexCacheOf(context),
    onProgress: (event) => (isIndexing(event) ? show.indexing(event) : show.writing(event)),
  });
  return editedOutcome(edited, options.dryRun, to.isStdout, compressionPart(choice));
}
