// SPDX-License-Identifier: MIT
import type { ImageComparison } from "../../disk/proof/verify-against.ts";
import { OciError } from "../../oci/errors.ts";
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
import { referenceOptions } from "../input/reference-options.ts";
import { withReportFiles } from "../input/report-flags.ts";
import { oneOf } from "../input/values/one-of.ts";
import { differenceDocument, differenceLines } from "../output/differences.ts";
import { DOES_NOT_HOLD, DONE } from "../exit-status.ts";
import { count } from "../../report/text/format.ts";
import { showComparing } from "../progress/show-comparing.ts";
import { letYoungGenerationGrow } from "../v8-flags.ts";
import type { VerifyImagesFlags } from "./verify-images.ts";

interface VerifyFlags extends VerifyImagesFlags {
  readonly against?: string;
  readonly ignore?: readonly string[];
}

export const verifyCommand: Register = (program, invoke) => {
  withReportFiles(
    withRegistry(program.command("verify <REF|PATH...>")),
    "findings, layers, files, links, libraries",
  )
    .summary("whether an image is whole and would run, or a directory is as in its image")
    .description(
      prose(`
        Of a layout, an archive or a repository, reads and hashes every blob; with a tag, those of its image.
        Then looks into every image, without running anything: do its documents agree, are the entrypoint,
        command and health check there and executable for its user, is that user there, is every ELF object
        for the image's machine, does each program find its loader and libraries, and each script what runs it.
        A path is searched for image layouts and rootfs directories; dir:DIR is a root filesystem on this disk,
        without a configuration of an image. Without an oci-kit.yaml that is all. With one, the policies and
        links in it count too: the one found upward from the path that is verified; for an image in a registry
        the one found upward from here, when it is about that repository.
        Of two references, the page of --html shows the images side by side.

        With --against, compares a directory with an image, path by path: type, mode, owner, time, link target, device
        numbers, size, content, extended attributes, and which names are one file. Whoever made the
        directory: a sidecar of unpack beside it is applied, without one the disk alone counts. Every
        content is read. Labels that the machine gives to files (SELinux, NFS) are not compared.`),
    )
    .option("--against <REF>", "the image that a directory is compared with")
    .option("--platform <PLATFORM>", "the image of an index for this platform, as linux/arm64")
    .option("--set <NAME=VALUE>", "set a variable of oci-kit.yaml; may be repeated", collect)
    .option("--ignore <FIELD>", "do not compare this: owner, time, …; may be repeated", collect)
    .addHelpText(
      "after",
      `
Examples:
  oci-kit verify oci:out/registry
  oci-kit verify latest-cross --platform linux/riscv64
  oci-kit verify out/linux-runtime
  oci-kit verify dir:out/rootfs --no-config
  oci-kit verify oci-archive:image.tar
  oci-kit verify latest-cross --html report.html --sarif report.sarif --junit report.xml
  oci-kit verify ghcr.io/family/image:1 ghcr.io/family/image:2 --html both.html
  oci-kit verify out/rootfs --against latest-cross --platform linux/riscv64
  oci-kit verify bundle/rootfs --against oci:image:1.2 --ignore owner --ignore time

Fields: type, mode, owner, time, link, device, size, content, xattrs, names.
What is no error but worth knowing is a note. Notes change no exit status; docs/verify.md has every rule.
Damaged content is mended by copy --verify-present, from where the image is whole.

Exit status: 0 all is right; 2 something is damaged, missing, would not run or differs; 1 it could not be
told, or there is nothing to check.`,
    )
    .action(async (subjects: readonly string[], flags: VerifyFlags) =>
      invoke(flags, async (session) => {
        const { against } = flags;
        if (against !== undefined) {
          refuseWithAgainst(subjects, flags);
          return verify(subjects[0]!, { ...flags, against }, session);
        }
        refuseAlone(flags);
        const { verifyReferences } = await import("./verify-images.ts");
        return verifyReferences(subjects, flags, session);
      }),
    );
};

/** Refuses, without `--against`, the flag that needs it. @throws OciError `invalid-argument` */
function refuseAlone({ ignore }: VerifyFlags): void {
  if (ignore === undefined) return;
  throw new OciError("invalid-argument", "verify: --ignore goes with --against", {
    hint: "oci-kit verify DIR --against REF --ignore owner",
  });
}

/** Refuses, with `--against`, several directories and reports of findings. @throws OciError `invalid-argument` */
function refuseWithAgainst(subjects: readonly string[], flags: VerifyFlags): void {
  const { html, sarif, junit, set } = flags;
  if (subjects.length > 1) {
    throw new OciError(
      "invalid-argument",
      `verify: expected one directory with --against, got ${subjects.length}`,
    );
  }
  if (set !== undefined) {
    throw new OciError("invalid-argument", "verify: expected --set without --against, got both");
  }
  if (html === undefined && sarif === undefined && junit === undefined) return;
  throw new OciError(
    "invalid-argument",
    "verify: expected --html, --sarif and --junit without --against, got both",
    { hint: "oci-kit diff REF dir:DIR --html FILE shows how a directory differs from an image." },
  );
}

async function verify(
  directory: string,
  flags: VerifyFlags & { readonly against: string },
  session: Session,
): Promise<Outcome> {
  const { context, progress } = session;
  const [{ COMPARED_FIELDS }, { verifyAgainst }] = await Promise.all([
    import("../../rootfs/compare/compare-nodes.ts"),
    import("../../disk/proof/verify-against.ts"),
  ]);
  const ignore = (flags.ignore ?? []).map((field) => oneOf("--ignore", field, COMPARED_FIELDS));
  letYoungGenerationGrow();
  const found = await verifyAgainst(directory, await parseConfigured(flags.against, context), {
    ...(await referenceOptions(flags, session)),
    ignore,
    cache: await indexCacheOf(context),
    onProgress: showComparing(progress),
  });
  return outcomeOf(directory, found);
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
