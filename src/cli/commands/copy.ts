// SPDX-License-Identifier: MIT
import { prose, withRegistry, type Outcome, type Register, type Session } from "../command.ts";
import { parseConfigured } from "../input/configured.ts";
import { parseTarget } from "../input/target.ts";
import { referenceOptions, type ReferenceFlags } from "../input/reference-options.ts";
import { DONE } from "../exit-status.ts";
import { count, formatBytes } from "../output/format.ts";
import { showCopy } from "../output/show-copy.ts";
import { notSentParts, targetName } from "../output/transfer-text.ts";

export const copyCommand: Register = (program, invoke) => {
  withRegistry(program.command("copy <SRC> <DST>"))
    .summary("any store to any store")
    .description(
      prose(`
        Copies an image or an index with all it refers to between registries, layouts and archives.
        Every byte is verified; what the target has is not sent again; the tag is set last. An index
        is copied whole; --platform takes one image of it.`),
    )
    .option("--platform <PLATFORM>", "only the image for this platform, as linux/arm64")
    .option("--dry-run", "say what would be sent")
    .addHelpText(
      "after",
      `
Examples:
  oci-kit copy ghcr.io/family/image:latest-cross oci:out/mirror:latest-cross
  oci-kit copy oci:out/linux-runtime/riscv64 ghcr.io/family/image:latest-cross-riscv64
  nerdctl save IMAGE | oci-kit copy docker-archive:- oci:out/local-oci/android/riscv64
  oci-kit copy --platform linux/amd64 HOST/REPO:TAG docker-archive:- | docker load`,
    )
    .action(async (source: string, target: string, flags: ReferenceFlags) =>
      invoke(flags, (session) => copyBetween(source, target, flags, session)),
    );
};

async function copyBetween(
  source: string,
  destination: string,
  flags: ReferenceFlags,
  session: Session,
): Promise<Outcome> {
  const { context, progress } = session;
  const { copyReference } = await import("../../image/by-reference/copy-reference.ts");
  const options = await referenceOptions(flags, context);
  const to = await parseTarget(destination, options.dryRun, session);
  const from = await parseConfigured(source);
  const copied = await copyReference(from, to.location, {
    ...options,
    onProgress: showCopy(progress),
  });
  const { store, tag, root, copied: sent, skipped, mounted } = copied;
  const { dryRun } = options;
  const parts = [
    `${dryRun ? "would copy" : "copied"} ${count(sent.count, "piece")}, ${formatBytes(sent.bytes)}`,
    ...notSentParts(skipped, mounted),
  ];
  return {
    status: DONE,
    document: { store, tag, digest: root.digest, dryRun, copied: sent, skipped, mounted },
    tookStdout: to.isStdout,
    lines: [`${targetName(copied)} ${root.digest}: ${parts.join("; ")}`],
  };
}
