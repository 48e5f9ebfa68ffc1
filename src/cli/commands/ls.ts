// SPDX-License-Identifier: MIT
import { toText } from "../../bytes/byte-string.ts";
import { prose, withRegistry, type Outcome, type Register, type Session } from "../command.ts";
import { DONE } from "../exit-status.ts";
import { parseConfigured } from "../input/configured.ts";
import { parseImagePath } from "../input/values/image-path.ts";
import { lookOptions, withLooking, type LookFlags } from "../input/look-options.ts";
import { lookedDocument, longLines } from "../output/entry-text.ts";
import { letYoungGenerationGrow } from "../v8-flags.ts";

interface LsFlags extends LookFlags {
  readonly l?: true;
  readonly recursive?: true;
  readonly follow: boolean;
}

export const lsCommand: Register = (program, invoke) => {
  withLooking(withRegistry(program.command("ls <REF> [PATH]")))
    .summary("what is in a directory of an image")
    .description(
      prose(`
        Lists a directory of the merged filesystem of an image (or of dir:DIR), without extracting it:
        one absolute path a line, names that begin with a dot too. A link that PATH ends with is
        followed inside the image, but not with -l. Layers that were read once are not read again. The
        tags of a repository are listed by oci-kit tags.`),
    )
    .option("-l", "mode, links, owner, group, size, time (UTC), and where links lead")
    .option("-R, --recursive", "everything below, too")
    .option("-a, --all", "no other answer: names that begin with a dot are always listed")
    .option("--no-follow", "do not follow a link that PATH ends with")
    .addHelpText(
      "after",
      `
Examples:
  oci-kit ls latest-cross /opt --platform linux/riscv64
  oci-kit ls -l oci:out/linux-runtime/riscv64 /usr/bin
  oci-kit ls -R --layer 2 ghcr.io/family/image:latest-cross-arm64`,
    )
    .action(async (reference: string, path: string | undefined, flags: LsFlags) =>
      invoke(flags, (session) => list(reference, path ?? "/", flags, session)),
    );
};

async function list(
  reference: string,
  path: string,
  flags: LsFlags,
  session: Session,
): Promise<Outcome> {
  const { listReference } = await import("../../disk/look/look-at-reference.ts");
  const isLong = flags.l === true;
  letYoungGenerationGrow();
  return listReference(
    await parseConfigured(reference, session.context),
    parseImagePath(path),
    (looked) => ({
      status: DONE,
      // Made only when it is printed: it counts the names of every file.
      document: session.json ? lookedDocument(looked) : {},
      lines: isLong ? longLines(looked.entries) : looked.entries.map((entry) => toText(entry.path)),
    }),
    {
      ...(await lookOptions(flags, session)),
      recursive: flags.recursive === true,
      follow: flags.follow && !(isLong && !path.endsWith("/")),
    },
  );
}
