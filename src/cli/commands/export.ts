// SPDX-License-Identifier: MIT
import type { Bytes } from "../../bytes/bytes.ts";
import { digestOf, shortDigest, type Digest } from "../../oci/digest.ts";
import { OciError } from "../../oci/errors.ts";
import type { ImageFilesystem } from "../../rootfs/image-filesystem.ts";
import { prose, withRegistry, type Outcome, type Register, type Session } from "../command.ts";
import { openConfigured } from "../input/configured.ts";
import type { Context } from "../context.ts";
import { DONE } from "../exit-status.ts";
import { count, formatBytes } from "../output/format.ts";
import { showIndexing } from "../output/show-indexing.ts";

interface ExportFlags {
  readonly json?: true;
  readonly dryRun?: true;
  readonly platform?: string;
  readonly output?: string;
}

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
    .option("-o, --output <FILE>", "write to a file instead")
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

/** What was written, or would be. */
interface Exported {
  readonly entries: number;
  /** Of file contents. */
  readonly bytes: number;
  readonly tar?: { readonly digest: Digest; readonly size: number };
}

async function exportImage(
  reference: string,
  flags: ExportFlags,
  { context, progress }: Session,
): Promise<Outcome> {
  const { output: file, dryRun = false } = flags;
  if (file === undefined && !dryRun) refuseTerminal(context);
  const { imageOf, openFilesystem } = await import("../input/open-image.ts");
  const from = await openConfigured(reference, context);
  try {
    const image = await imageOf(from, flags.platform, context);
    const root = await openFilesystem(image, context, showIndexing(progress));
    const onBytes = (bytes: number) => progress.show(`exporting: ${formatBytes(bytes)}`);
    const exported = dryRun ? measure(root) : await writeTar(root, file, context, onBytes);
    const { digest } = image.descriptor;
    const { entries, bytes } = exported;
    const verb = dryRun ? "would export" : "exported";
    return {
      status: DONE,
      document: { image: digest, file, dryRun, ...exported },
      tookStdout: file === undefined && !dryRun,
      text: `${verb} ${shortDigest(digest)}: ${count(entries, "entry", "entries")}, ${formatBytes(bytes)}\n`,
    };
  } finally {
    await from.close();
  }
}

function refuseTerminal({ stdout }: Context): void {
  if (stdout.isTTY !== true) return;
  throw new OciError("invalid-argument", "export: expected a pipe or a file, got a terminal", {
    hint: "Name a file with -o FILE, or send the tar to a program: … | tar -t",
  });
}

/** Names of one file are one content; the root counts where a layer names it. */
function measure(root: ImageFilesystem): Exported {
  const seen = new Set<unknown>();
  let entries = 0;
  let bytes = 0;
  for (const [path, node] of root.paths()) {
    if (path === "/" && root.location(node) === undefined) continue;
    entries += 1;
    if (!seen.has(node)) bytes += node.size;
    if (node.type !== "directory") seen.add(node);
  }
  return { entries, bytes };
}

async function writeTar(
  root: ImageFilesystem,
  file: string | undefined,
  context: Context,
  onBytes: (bytes: number) => void,
): Promise<Exported> {
  const [{ createHasher }, { exportTree }, { writeOutput, writeStandardOutput }] =
    await Promise.all([
      import("../../bytes/hash.ts"),
      import("../../rootfs/export/export-tree.ts"),
      import("../../files/write-output.ts"),
    ]);
  const { signal, limits, writeBytes = writeStandardOutput } = context;
  let [entries, bytes, size] = [0, 0, 0];
  const onEntry = (_: unknown, length: number): void => {
    entries += 1;
    bytes += length;
  };
  const hasher = createHasher("sha256");
  const watched = async function* (): Bytes {
    for await (const chunk of exportTree(root, { signal, limits, onEntry })) {
      hasher.update(chunk);
      size += chunk.length;
      onBytes(size);
      yield chunk;
    }
  };
  await (file === undefined ? writeBytes(watched()) : writeOutput(file, watched(), { signal }));
  return { entries, bytes, tar: { digest: digestOf("sha256", hasher.hex()), size } };
}
