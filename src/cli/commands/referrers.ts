// SPDX-License-Identifier: MIT
import { prose, withRegistry, type Outcome, type Register, type Session } from "../command.ts";
import { parseConfigured } from "../input/configured.ts";
import { referenceOptions, type ReferenceFlags } from "../input/reference-options.ts";
import { DONE } from "../exit-status.ts";
import { formatBytes } from "../../bytes/format-bytes.ts";
import { table } from "../../report/text/format.ts";

interface ReferrersFlags extends ReferenceFlags {
  readonly type?: string;
}

export const referrersCommand: Register = (program, invoke) => {
  withRegistry(program.command("referrers <REF>"))
    .summary("signatures, attestations and other artifacts about an image")
    .description(
      prose(`
        Lists the manifests whose subject is what a reference names: type, digest and size. A registry
        without the referrers API is asked for the tag under which clients keep that list; layouts and
        archives are searched.`),
    )
    .option("--type <TYPE>", "only artifacts of this type")
    .option("--platform <PLATFORM>", "of the image of an index for this platform")
    .addHelpText(
      "after",
      `
Examples:
  oci-kit referrers ghcr.io/family/image:latest-cross
  oci-kit referrers --type application/spdx+json ghcr.io/family/image:latest-cross
  oci-kit referrers --platform linux/riscv64 oci:out/mirror:1`,
    )
    .action(async (reference: string, flags: ReferrersFlags) =>
      invoke(flags, (session) => tell(reference, flags, session)),
    );
};

async function tell(reference: string, flags: ReferrersFlags, session: Session): Promise<Outcome> {
  const { listReferrers } = await import("../../image/by-reference/list-referrers.ts");
  const options = await referenceOptions(flags, session);
  const location = await parseConfigured(reference, session.context);
  const { type: artifactType } = flags;
  const { store, subject, referrers } = await listReferrers(location, { ...options, artifactType });
  const rows = referrers.map((one) => [
    one.artifactType ?? one.mediaType,
    one.digest,
    formatBytes(one.size),
  ]);
  const kind = artifactType === undefined ? "" : ` of type ${artifactType}`;
  return {
    status: DONE,
    document: { store, subject, referrers },
    lines: table(rows),
    ...(rows.length === 0 && { notices: [`nothing${kind} refers to ${subject.digest}`] }),
  };
}
