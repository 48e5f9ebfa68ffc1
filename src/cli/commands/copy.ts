// SPDX-License-Identifier: MIT
import { shortDigest } from "../../oci/digest.ts";
import type { Descriptor } from "../../oci/documents/descriptor.ts";
import type { CopySummary } from "../../store/copy/copy.ts";
import type { CopyEvent } from "../../store/copy/transfer.ts";
import { prose, withRegistry, type Outcome, type Register, type Session } from "../command.ts";
import { isStdout, openConfigured, parseConfigured, rootOf } from "../input/configured.ts";
import { DONE } from "../exit-status.ts";
import { absentLines } from "../output/absent-lines.ts";
import { count, formatBytes } from "../output/format.ts";
import type { ProgressLine } from "../output/progress.ts";

interface CopyFlags {
  readonly json?: true;
  readonly dryRun?: true;
  readonly platform?: string;
}

export const copyCommand: Register = (program, invoke) => {
  withRegistry(program.command("copy <SRC> <DST>"))
    .summary("any store to any store")
    .description(
      prose(`
        Copies an image or an index with all it refers to between registries, layouts and archives.
        Every byte is verified; what the target has is not sent again; the tag is set last. An index
        is copied whole; --platform takes one image of it. An archive may name images that it does
        not hold, as docker save writes them: those that are there are copied, the others are listed.`),
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
    .action(async (source: string, target: string, flags: CopyFlags) =>
      invoke(flags, (session) => copyBetween(source, target, flags, session)),
    );
};

async function copyBetween(
  source: string,
  destination: string,
  flags: CopyFlags,
  { context, progress }: Session,
): Promise<Outcome> {
  const [{ copy }, { openTarget }] = await Promise.all([
    import("../../store/copy/copy.ts"),
    import("../../image/open-reference.ts"),
  ]);
  const { signal, registry } = context;
  const dryRun = flags.dryRun === true;
  const location = await parseConfigured(destination, context);
  const from = await openConfigured(source, context);
  try {
    const root = await rootOf(from, flags.platform, context);
    const to = await openTarget(location, { signal, registry });
    try {
      const tag = to.tag ?? (location.kind === "registry" ? "latest" : undefined);
      const onProgress = showCopy(progress);
      const summary = await copy(from.store, root, to.store, { tag, dryRun, onProgress, signal });
      if (!dryRun) await to.close();
      const absent = (await from.store.capabilities.absent?.({ signal })) ?? [];
      const tookStdout = isStdout(location);
      return outcomeOf(summary, to.store.name, tag, { dryRun, tookStdout, absent });
    } finally {
      await to.discard();
    }
  } finally {
    await from.close();
  }
}

/** Draws a running copy: how much of all that is to be sent has gone. */
export function showCopy(progress: ProgressLine): (event: CopyEvent) => void {
  const sent = new Map<string, number>();
  let total = 0;
  return (event) => {
    if (event.kind === "planned") total = event.bytes;
    if (event.kind === "progress") sent.set(event.descriptor.digest, event.bytes);
    if (event.kind === "finished") {
      const { descriptor } = event.transfer;
      sent.set(descriptor.digest, descriptor.size);
    }
    let bytes = 0;
    for (const part of sent.values()) bytes += part;
    progress.show(`${formatBytes(bytes)} of ${formatBytes(total)}`);
  };
}

/** What is told of a copy besides what was sent. */
interface Told {
  readonly dryRun: boolean;
  readonly tookStdout: boolean;
  /** What the source names and lacks. */
  readonly absent: readonly Descriptor[];
}

function outcomeOf(
  summary: CopySummary,
  store: string,
  tag: string | undefined,
  { dryRun, tookStdout, absent }: Told,
): Outcome {
  const { root, copied, skipped, mounted } = summary;
  const verb = dryRun ? "would copy" : "copied";
  const parts = [
    `${verb} ${count(copied.count, "piece")}, ${formatBytes(copied.bytes)}`,
    ...(skipped.count > 0 ? [`${formatBytes(skipped.bytes)} already there`] : []),
    ...(mounted.count > 0 ? [`${formatBytes(mounted.bytes)} mounted`] : []),
  ];
  const name = tag === undefined ? store : `${store}:${tag}`;
  return {
    status: DONE,
    document: {
      ...{ store, tag, digest: root.digest, dryRun, copied, skipped, mounted },
      ...(absent.length > 0 && { absent }),
    },
    tookStdout,
    text: `${name} ${shortDigest(root.digest)}: ${parts.join("; ")}\n${absentLines(absent)}`,
  };
}
