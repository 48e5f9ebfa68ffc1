// SPDX-License-Identifier: MIT
import { toText } from "../../bytes/byte-string.ts";
import type { Bytes } from "../../bytes/bytes.ts";
import type { OpenFile } from "../../disk/look/look-at-reference.ts";
import { prose, withRegistry, type Outcome, type Register, type Session } from "../command.ts";
import { DONE } from "../exit-status.ts";
import { parseConfigured } from "../input/configured.ts";
import { parseImagePath } from "../input/values/image-path.ts";
import { lookOptions, withLooking, type LookFlags } from "../input/look-options.ts";
import { printToTerminal } from "../output/print-to-terminal.ts";

interface CatFlags extends LookFlags {
  readonly follow: boolean;
}

export const catCommand: Register = (program, invoke) => {
  withLooking(withRegistry(program.command("cat <REF> <PATH...>")))
    .summary("the content of files of an image")
    .description(
      prose(`
        Writes files of an image (or of dir:DIR) to stdout, one after the other, verified by the digests
        taken when their layers were first read. Links are followed inside the image. Layers are read no
        further than that needs; of those with a table of contents (zstd:chunked, eStargz) only the file. Control characters are escaped on a terminal, and binary files go to
        pipes and files only.`),
    )
    .option("--no-follow", "refuse a link that PATH ends with")
    .addHelpText(
      "after",
      `
Examples:
  oci-kit cat latest-cross /etc/os-release --platform linux/riscv64
  oci-kit cat oci:out/linux-runtime/riscv64 /usr/bin/cc > cc`,
    )
    .action(async (reference: string, paths: readonly string[], flags: CatFlags) =>
      invoke(flags, (session) => cat(reference, paths, flags, session)),
    );
};

async function cat(
  reference: string,
  paths: readonly string[],
  flags: CatFlags,
  session: Session,
): Promise<Outcome> {
  const { withFiles } = await import("../../disk/look/look-at-reference.ts");
  return withFiles(
    await parseConfigured(reference, session.context),
    paths.map(parseImagePath),
    async ({ files, image }) => {
      if (session.json) {
        const { fileDocument } = await import("../output/file-document.ts");
        const documents = [];
        for (const file of files) documents.push(await fileDocument(file));
        return {
          status: DONE,
          document: { ...(image && { digest: image.digest }), files: documents },
          lines: [],
        };
      }
      await write(files, session);
      return { status: DONE, document: {}, lines: [], tookStdout: true };
    },
    { ...(await lookOptions(flags, session)), follow: flags.follow },
  );
}

async function write(files: readonly OpenFile[], { context, progress }: Session): Promise<void> {
  progress.clear();
  if (context.stdout.isTTY === true) {
    for (const file of files) await printToTerminal(context.stdout, file.open(), toText(file.path));
    return;
  }
  const { writeStandardOutput } = await import("../../files/write-output.ts");
  await (context.writeBytes ?? writeStandardOutput)(concatenate(files));
}

async function* concatenate(files: readonly OpenFile[]): Bytes {
  for (const file of files) yield* file.open();
}
