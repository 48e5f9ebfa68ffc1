// SPDX-License-Identifier: MIT
import { escapeText } from "../../bytes/byte-string.ts";
import type { DirectoryComparison } from "../../disk/proof/verify-directory.ts";
import { OciError } from "../../oci/errors.ts";
import { quote } from "../../oci/quote.ts";
import type { ComparedField } from "../../rootfs/compare/compare-nodes.ts";
import type { ImageFilesystem } from "../../rootfs/image-filesystem.ts";
import {
  collect,
  prose,
  withRegistry,
  type Outcome,
  type Register,
  type Session,
} from "../command.ts";
import { openConfigured } from "../input/configured.ts";
import { differenceDocument, differenceLines } from "../output/differences.ts";
import { DOES_NOT_HOLD, DONE } from "../exit-status.ts";
import { count } from "../output/format.ts";
import { showIndexing } from "../output/show-indexing.ts";
import { letYoungGenerationGrow } from "../young-generation.ts";

interface VerifyFlags {
  readonly json?: true;
  readonly against?: string;
  readonly platform?: string;
  readonly ignore?: readonly string[];
}

export const verifyCommand: Register = (program, invoke) => {
  withRegistry(program.command("verify <DIR|REF>"))
    .summary("whether stored content is whole, or a directory as in its image")
    .description(
      prose(`
        Of a layout or an archive, reads and hashes every blob; with a tag, those of its image. What is
        damaged or missing is listed. A copy does not look at content that is there already: this finds
        what went wrong since, and copy --verify-present mends it.

        With --against, compares a directory with an image, path by path: type, mode, owner, time, link target, device
        numbers, size, content, extended attributes, and which names are one file. Whoever made the
        directory: a sidecar of unpack beside it is applied, without one the disk alone counts. Every
        content is read. Labels that the machine gives to files (SELinux, NFS) are not compared.`),
    )
    .option("--against <REF>", "the image that a directory is compared with")
    .option("--platform <PLATFORM>", "the image of an index for this platform, as linux/arm64")
    .option("--ignore <FIELD>", "do not compare this: owner, time, …; may be given again", collect)
    .addHelpText(
      "after",
      `
Examples:
  oci-kit verify oci:out/registry
  oci-kit verify oci-archive:image.tar
  oci-kit verify out/rootfs --against latest-cross --platform linux/riscv64
  oci-kit verify bundle/rootfs --against oci:image:1.2 --ignore owner --ignore time

Fields: type, mode, owner, time, link, device, size, content, xattrs, names.
Exit status: 0 all is right; 2 something is damaged, missing or differs; 1 it could not be told, or there
is nothing to check.`,
    )
    .action(async (subject: string, flags: VerifyFlags) =>
      invoke(flags, async (session) => {
        const { against } = flags;
        if (against !== undefined) return verify(subject, { ...flags, against }, session);
        refuseAlone(subject, flags);
        const { verifyStored } = await import("./verify-stored.ts");
        return verifyStored(subject, session);
      }),
    );
};

/** What only counts with `--against`. @throws OciError `invalid-argument` */
function refuseAlone(subject: string, { platform, ignore }: VerifyFlags): void {
  const flag =
    platform !== undefined ? "--platform" : ignore !== undefined ? "--ignore" : undefined;
  if (flag === undefined && /[:@]/.test(subject)) return;
  throw new OciError(
    "invalid-argument",
    flag === undefined
      ? `verify: expected a reference, or --against with a directory, got ${quote(subject)}`
      : `verify: ${flag} goes with --against`,
    { hint: `oci-kit verify DIR --against REF, or oci-kit verify oci:DIR for a layout` },
  );
}

async function verify(
  directory: string,
  flags: VerifyFlags & { readonly against: string },
  { context, progress }: Session,
): Promise<Outcome> {
  const [{ COMPARED_FIELDS }, { verifyDirectory }, { imageOf, openFilesystem }] = await Promise.all(
    [
      import("../../rootfs/compare/compare-nodes.ts"),
      import("../../disk/proof/verify-directory.ts"),
      import("../input/open-image.ts"),
    ],
  );
  const ignore = (flags.ignore ?? []).map((field) => parseField(field, COMPARED_FIELDS));
  const { signal } = context;
  letYoungGenerationGrow();
  const from = await openConfigured(flags.against, context);
  try {
    const image = await imageOf(from, flags.platform, context);
    const tree = await openFilesystem(image, context, showIndexing(progress));
    const onProgress = (compared: number): void => progress.show(`comparing: ${compared} paths`);
    const compared = await verifyDirectory(directory, tree, { ignore, signal, onProgress });
    return outcomeOf(directory, tree, compared);
  } finally {
    await from.close();
  }
}

/** @throws OciError `invalid-argument` */
function parseField(text: string, fields: readonly ComparedField[]): ComparedField {
  const field = fields.find((known) => known === text);
  if (field !== undefined) return field;
  throw new OciError(
    "invalid-argument",
    `--ignore: expected one of ${fields.join(", ")}, got ${JSON.stringify(text)}`,
  );
}

function outcomeOf(
  directory: string,
  { name, image }: ImageFilesystem,
  { compared, differences, hasSidecar }: DirectoryComparison,
): Outcome {
  const ok = differences.length === 0;
  const what = `${escapeText(directory)}: compared ${count(compared, "path")} with ${escapeText(name)}`;
  const verdict = ok ? "all as in the image" : `${differences.length} not as in the image`;
  return {
    status: ok ? DONE : DOES_NOT_HOLD,
    document: {
      ok,
      directory,
      digest: image.descriptor.digest,
      sidecar: hasSidecar,
      compared,
      differences: differences.map(differenceDocument),
    },
    text: [`${what}: ${verdict}`, ...differenceLines(differences), ""].join("\n"),
  };
}
