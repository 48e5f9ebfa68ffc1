// SPDX-License-Identifier: MIT
import type { ImageComparison } from "../../disk/proof/verify-against.ts";
import { OciError } from "../../oci/errors.ts";
import type { ComparedField } from "../../rootfs/compare/compare-nodes.ts";
import {
  collect,
  prose,
  withRegistry,
  type Outcome,
  type Register,
  type Session,
} from "../command.ts";
import { parseConfigured } from "../input/configured.ts";
import { indexCacheOf } from "../input/index-cache.ts";
import { referenceOptions, type ReferenceFlags } from "../input/reference-options.ts";
import { differenceDocument, differenceLines } from "../output/differences.ts";
import { DOES_NOT_HOLD, DONE } from "../exit-status.ts";
import { count } from "../output/format.ts";
import { showIndexing } from "../output/show-indexing.ts";
import { letYoungGenerationGrow } from "../v8-flags.ts";

interface VerifyFlags extends ReferenceFlags {
  readonly against: string;
  readonly ignore?: readonly string[];
}

export const verifyCommand: Register = (program, invoke) => {
  withRegistry(program.command("verify <DIR>"))
    .summary("whether a directory is the root filesystem of an image")
    .description(
      prose(`
        Compares a directory with an image, path by path: type, mode, owner, time, link target, device
        numbers, size, content, extended attributes, and which names are one file. Whoever made the
        directory: a sidecar of unpack beside it is applied, without one the disk alone counts. Every
        content is read. Labels that the machine gives to files (SELinux, NFS) are not compared.`),
    )
    .requiredOption("--against <REF>", "the image")
    .option("--platform <PLATFORM>", "the image of an index for this platform, as linux/arm64")
    .option("--ignore <FIELD>", "do not compare this: owner, time, …; may be given again", collect)
    .addHelpText(
      "after",
      `
Examples:
  oci-kit verify out/rootfs --against latest-cross --platform linux/riscv64
  oci-kit verify bundle/rootfs --against oci:image:1.2 --ignore owner --ignore time

Fields: type, mode, owner, time, link, device, size, content, xattrs, names.
Exit status: 0 all is as in the image; 2 something differs; 1 it could not be told.`,
    )
    .action(async (directory: string, flags: VerifyFlags) =>
      invoke(flags, (session) => verify(directory, flags, session)),
    );
};

async function verify(
  directory: string,
  flags: VerifyFlags,
  { context, progress }: Session,
): Promise<Outcome> {
  const [{ COMPARED_FIELDS }, { verifyAgainst }] = await Promise.all([
    import("../../rootfs/compare/compare-nodes.ts"),
    import("../../disk/proof/verify-against.ts"),
  ]);
  const ignore = (flags.ignore ?? []).map((field) => parseField(field, COMPARED_FIELDS));
  letYoungGenerationGrow();
  const show = showIndexing(progress);
  const found = await verifyAgainst(directory, await parseConfigured(flags.against), {
    ...(await referenceOptions(flags, context)),
    ignore,
    cache: await indexCacheOf(context),
    onProgress: (event) => {
      if (event.kind !== "comparing") show(event);
      else progress.show(`comparing: ${event.compared} paths`, event);
    },
  });
  return outcomeOf(directory, found);
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
  { name, image, compared, differences, hasSidecar }: ImageComparison,
): Outcome {
  const ok = differences.length === 0;
  const what = `${directory}: compared ${count(compared, "path")} with ${name}`;
  const verdict = ok ? "all as in the image" : `${differences.length} not as in the image`;
  return {
    status: ok ? DONE : DOES_NOT_HOLD,
    document: {
      ok,
      directory,
      digest: image.digest,
      sidecar: hasSidecar,
      compared,
      differences: differences.map(differenceDocument),
    },
    lines: [`${what}: ${verdict}`, ...differenceLines(differences)],
  };
}
