// SPDX-License-Identifier: MIT
import {
  prose,
  withRegistry,
  withReplace,
  type Outcome,
  type Register,
  type Session,
} from "../command.ts";
import { parseConfigured } from "../input/configured.ts";
import { parseTarget } from "../input/target.ts";
import { referenceOptions, type ReferenceFlags } from "../input/reference-options.ts";
import { editedOutcome } from "./edited-outcome.ts";
import { showWriting } from "../progress/show-copy.ts";

interface RebaseFlags extends ReferenceFlags {
  readonly oldBase: string;
  readonly newBase: string;
}

export const rebaseCommand: Register = (program, invoke) => {
  withReplace(withRegistry(program.command("rebase <SRC> <DST>")))
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
  const { context, progress } = session;
  const { rebaseReference } = await import("../../image/by-reference/rebase-reference.ts");
  const options = await referenceOptions(flags, session);
  const to = await parseTarget(destination, options.dryRun, session);
  const edited = await rebaseReference(await parseConfigured(source, context), to.location, {
    ...options,
    oldBase: await parseConfigured(flags.oldBase, context),
    newBase: await parseConfigured(flags.newBase, context),
    onProgress: showWriting(progress),
  });
  return editedOutcome(edited, options.dryRun, to.isStdout);
}
