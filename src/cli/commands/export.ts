// SPDX-License-Identifier: MIT
import { prose, withRegistry, type Outcome, type Register, type Session } from "../command.ts";
import { isStandardOutput } from "../../files/output/standard-output.ts";
import { parseConfigured } from "../input/configured.ts";
import { indexCacheOf } from "../input/index-cache.ts";
import { claimStandardOutput } from "../input/target.ts";
import { referenceOptions, type ReferenceFlags } from "../input/reference-options.ts";
import { DONE } from "../exit-status.ts";
import { formatBytes } from "../../bytes/format-bytes.ts";
import { count } from "../../report/text/format.ts";
import { showIndexing } from "../progress/show-indexing.ts";

interface ExportFlags extends ReferenceFlags {
  readonly output?: string;
}

const HINT = "Name a file with -o FILE, or send the tar to a program: … | tar -t";

export const exportCommand: Register = (program, invoke) => {
  withRegistry(program.command("export <REF>"))
    .summary("the merged filesystem of an image as one tar")
    .description(
      prose(`
        Writes the root filesystem of an image as a tar to stdout: no whiteouts, hard links and all
        metadata kept, every layer read once and verified. The same image gives the same tar. A tar
        that ends with an error is not whole; a FILE is put in place only when it is.`),
    )
    .option("--platform <PLATFORM>", "the image of an index for this platform, as linux/arm64")
    .option("-o, --output <FILE>", "write to a file instead; - is stdout")
    .option("--dry-run", "say what would be written")
    .addHelpText(
      "after",
      `
Examples:
  oci-kit export latest-cross --platform linux/riscv64 | tar -tv
  oci-kit export -o rootfs.tar oci:out/linux-runtime/riscv64`,
    )
    .action(async (reference: string, flags: ExportFlags) =>
      invoke(flags, (session) => exportImage(reference, flags, session)),
    );
};

async function exportImage(
  reference: string,
  flags: ExportFlags,
  session: Session,
): Promise<Outcome> {
  const { context, progress } = session;
  const [options, { writeStandardOutput }, { exportReference }] = await Promise.all([
    referenceOptions(flags, session),
    import("../../files/write-output.ts"),
    import("../../rootfs/export/export-reference.ts"),
  ]);
  const { output = "-" } = flags;
  const file = isStandardOutput(output) ? undefined : output;
  const { dryRun } = options;
  const isToStdout = file === undefined && !dryRun;
  if (isToStdout) claimStandardOutput("export", HINT, session);
  const show = showIndexing(progress);
  const { image, ...exported } = await exportReference(
    await parseConfigured(reference, context),
    file ?? context.writeBytes ?? writeStandardOutput,
    {
      ...options,
      cache: await indexCacheOf(context),
      onProgress: (event) => {
        if (event.kind !== "exporting") show(event);
        else progress.show(`exporting: ${formatBytes(event.bytes)}`, event);
      },
    },
  );
  const { entries, bytes } = exported;
  const verb = dryRun ? "would export" : "exported";
  return {
    status: DONE,
    document: { image: image.digest, file, dryRun, ...exported },
    tookStdout: isToStdout,
    lines: [
      `${verb} ${image.digest}: ${count(entries, "entry", "entries")}, ${formatBytes(bytes)}`,
    ],
  };
}
