// SPDX-License-Identifier: MIT
import {
  collect,
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
import { createdOf, sourceDateEpochOf } from "../input/values/created.ts";
import { parseTarget } from "../input/target.ts";
import { referenceOptions } from "../input/reference-options.ts";
import { editedOutcome } from "./edited-outcome.ts";
import { showWriting } from "../progress/show-copy.ts";
import type { AppendFlags } from "./append-flags.ts";

export const appendCommand: Register = (program, invoke) => {
  withReplace(withRegistry(program.command("append <BASE> <DST>")))
    .summary("an image with more layers on top")
    .description(
      prose(`
        Puts tars or directories on an image as new layers. Nothing of the base is read, and none of
        its bytes is sent to a target that has them. A tar is plain, gzip or zstd; compressed it is
        stored as it is, unless it is edited. A directory's own owner and mode stay out of the image,
        unless --prefix gives it a place. Of an index every image gets the layers, unless --platform
        takes one; attestations are left out, because they speak of the old images.

        Entries can be edited on their way, in this order: --drop, --rename, --prefix, --chown, --chmod,
        --mtime. SOURCE_DATE_EPOCH sets the time of the image.`),
    )
    .requiredOption("--layer <TAR|DIR>", "a layer; may be repeated, the lowest first", collect)
    .option("--drop <GLOB>", "leave out these paths, with all below them; may be repeated", collect)
    .option("--rename <FROM=TO>", "move a path and all below it; may be repeated", collect)
    .option("--prefix <DIR>", "put everything below this directory")
    .option("--chown <UID:GID>", "one owner, or only UID or :GID")
    .option("--chmod <MODE>", "as chmod takes it: 755, or u=rwX,go=rX")
    .option("--mtime <SECONDS>", "one time, in seconds since 1970")
    .option("--clamp-mtime", "no time later than --mtime or SOURCE_DATE_EPOCH")
    .option("--compression <KIND>", COMPRESSION)
    .option("--rate <RATE>", RATE)
    .option("--platform <PLATFORM>", "only the image of an index for this platform")
    .option("--dry-run", "say what would be written")
    .addHelpText(
      "after",
      `
Examples:
  oci-kit append latest-cross with-tools --layer tools.tar.gz
  oci-kit append oci:base oci:app:1 --layer build/ --prefix /opt/app --chown 0:0 --drop '**/*.o'`,
    )
    .action(async (base: string, destination: string, flags: AppendFlags) =>
      invoke(flags, (session) => append(base, destination, flags, session)),
    );
};

async function append(
  source: string,
  destination: string,
  flags: AppendFlags,
  session: Session,
): Promise<Outcome> {
  const { context, progress, warn } = session;
  const [{ appendToReference }, { entryEditOf, unusedPatterns }] = await Promise.all([
    import("../../convert/append-to-reference.ts"),
    import("./append-flags.ts"),
  ]);
  const { env } = context;
  const options = await referenceOptions(flags, session);
  const to = await parseTarget(destination, options.dryRun, session);
  const choice = await compressionOf(flags, session, to.location);
  const used = new Set<string>();
  const edited = await appendToReference(
    await parseConfigured(source, context),
    to.location,
    flags.layer,
    {
      ...options,
      edit: entryEditOf(flags, sourceDateEpochOf(env), used),
      storedAs: choice?.compression,
      level: choice?.level,
      created: createdOf(env),
      onSkipped: (layer, { path, reason }) => warn(`${layer}: left out ${path}: ${reason}`),
      onProgress: showWriting(progress),
    },
  );
  for (const flag of unusedPatterns(flags, used)) warn(`${flag}: nothing in the layers matches it`);
  return editedOutcome(edited, options.dryRun, to.isStdout, compressionPart(choice));
}
