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
import { DONE } from "../exit-status.ts";
import { absentLines } from "../output/absent-lines.ts";
import { count, formatBytes } from "../output/format.ts";
import { showCopy } from "../progress/show-copy.ts";
import { notSentParts, targetName } from "../output/transfer-text.ts";

interface CopyFlags extends ReferenceFlags {
  readonly verifyPresent?: true;
}

export const copyCommand: Register = (program, invoke) => {
  withReplace(withRegistry(program.command("copy <SRC> <DST>")))
    .summary("any store to any store")
    .description(
      prose(`
        Copies an image or an index with all it refers to between registries, layouts and archives.
        Every byte that is sent is verified; what the target has is not sent again, and not read either
        unless --verify-present says so; the tag is set last. An index is copied whole; --platform takes
        one image of it. An archive may name images that it does not hold, as docker save writes them:
        those that are there are copied, the others are listed.`),
    )
    .option("--platform <PLATFORM>", "only the image for this platform, as linux/arm64")
    .option("--dry-run", "say what would be sent")
    .option(
      "--verify-present",
      "read what the target has, and send again what is damaged there (a layout can be mended so)",
    )
    .addHelpText(
      "after",
      `
Examples:
  oci-kit copy ghcr.io/family/image:latest-cross oci:out/mirror:latest-cross
  oci-kit copy oci:out/linux-runtime/riscv64 ghcr.io/family/image:latest-cross-riscv64
  oci-kit copy --verify-present ghcr.io/family/image:1 oci:out/mirror:1   # mends the layout
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
  flags: CopyFlags,
  session: Session,
): Promise<Outcome> {
  const { progress } = session;
  const { copyReference } = await import("../../image/by-reference/copy-reference.ts");
  const options = await referenceOptions(flags, session);
  const to = await parseTarget(destination, options.dryRun, session);
  const from = await parseConfigured(source, session.context);
  const result = await copyReference(from, to.location, {
    ...options,
    verifyPresent: flags.verifyPresent,
    onProgress: showCopy(progress),
  });
  const { store, tag, root, copied, skipped, mounted, replaced, absent } = result;
  const { dryRun } = options;
  const parts = [
    `${dryRun ? "would copy" : "copied"} ${count(copied.count, "piece")}, ${formatBytes(copied.bytes)}`,
    ...(replaced.count > 0 ? [`${formatBytes(replaced.bytes)} over damaged content`] : []),
    ...notSentParts(skipped, mounted),
  ];
  return {
    status: DONE,
    document: {
      ...{ store, tag, digest: root.digest, dryRun, copied, skipped, mounted, replaced },
      ...(absent.length > 0 && { absent }),
    },
    tookStdout: to.isStdout,
    lines: [`${targetName(result)} ${root.digest}: ${parts.join("; ")}`, ...absentLines(absent)],
  };
}
