// SPDX-License-Identifier: MIT
import { prose, withRegistry, type Outcome, type Register, type Session } from "../command.ts";
import { parseConfigured } from "../input/configured.ts";
import { referenceOptions, type ReferenceFlags } from "../input/reference-options.ts";
import { DONE } from "../exit-status.ts";

export const digestCommand: Register = (program, invoke) => {
  withRegistry(program.command("digest <REF>"))
    .summary("the digest of what a reference names, on one line")
    .description(
      prose(`
        Prints the digest of the manifest or index that a reference names. Of a registry only the head
        of the answer is asked for, which counts as no pull.`),
    )
    .option("--platform <PLATFORM>", "the image of an index for this platform")
    .addHelpText(
      "after",
      `
Examples:
  oci-kit digest ghcr.io/family/image:latest-cross
  oci-kit digest --platform linux/riscv64 latest-cross   # a tag of the configured repository
  oci-kit digest oci:out/mirror:1`,
    )
    .action(async (reference: string, flags: ReferenceFlags) =>
      invoke(flags, (session) => digest(reference, flags, session)),
    );
};

async function digest(
  reference: string,
  flags: ReferenceFlags,
  session: Session,
): Promise<Outcome> {
  const { describeReference } = await import("../../image/by-reference/describe-reference.ts");
  const options = await referenceOptions(flags, session);
  const location = await parseConfigured(reference, session.context);
  const { store, descriptor } = await describeReference(location, options);
  const { digest: found, mediaType, size } = descriptor;
  return { status: DONE, document: { store, digest: found, mediaType, size }, lines: [found] };
}
