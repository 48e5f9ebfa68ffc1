// SPDX-License-Identifier: MIT
import { toText } from "../../bytes/byte-string.ts";
import type {
  CompareReferencesOptions,
  ReferenceComparison,
  Side,
} from "../../disk/look/compare-references.ts";
import type { ConfigDifference } from "../../image/compare-configs.ts";
import { OciError } from "../../oci/errors.ts";
import type { ComparedField } from "../../rootfs/compare/compare-nodes.ts";
import type { Difference } from "../../rootfs/compare/compare-trees.ts";
import {
  collect,
  prose,
  withRegistry,
  type Outcome,
  type Register,
  type Session,
} from "../command.ts";
import { DOES_NOT_HOLD, DONE } from "../exit-status.ts";
import { parseConfigured } from "../input/configured.ts";
import { indexCacheOf } from "../input/index-cache.ts";
import { withPlatform } from "../input/look-options.ts";
import { referenceOptions, type ReferenceFlags } from "../input/reference-options.ts";
import { planReports, toolName, withHtml, type ReportFlags } from "../input/report-flags.ts";
import { oneOf } from "../input/values/one-of.ts";
import { differenceDocument, fieldLines } from "../output/differences.ts";
import { count } from "../../report/text/format.ts";
import { showComparing } from "../progress/show-comparing.ts";
import { showIndexing } from "../progress/show-indexing.ts";
import { letYoungGenerationGrow } from "../v8-flags.ts";

interface DiffFlags extends ReferenceFlags, Pick<ReportFlags, "html"> {
  readonly ignore?: readonly string[];
  readonly why?: true;
}

type IgnoredField = ComparedField | "configuration";

export const diffCommand: Register = (program, invoke) => {
  withHtml(withPlatform(withRegistry(program.command("diff <A> <B>"))), "both images side by side")
    .summary("how two images differ, path by path")
    .description(
      prose(`
        Compares two images, or an image with dir:DIR: type, mode, owner, time, link target, device
        numbers, size, content, extended attributes, which names are one file, and the configuration.
        How the tree is cut into layers is not compared. - is only in A, + only in B, ~ differs. With
        --why: what makes two digests of what should have been one: the order of entries, times, owners,
        PAX records, headers of gzip, the compressor, a field of a document; and what would make them
        equal. Then layers are compared one by one, and of two indexes all images.`),
    )
    .option("--why", "why the digests differ, and what would make them equal")
    .option("--ignore <FIELD>", "do not compare this: owner, time, …; may be given again", collect)
    .addHelpText(
      "after",
      `
Examples:
  oci-kit diff ghcr.io/family/image:1 ghcr.io/family/image:2 --platform linux/riscv64
  oci-kit diff image:1 image:2 --html diff.html
  oci-kit diff oci:out/linux-runtime/riscv64 dir:out/rootfs --ignore time --ignore owner
  oci-kit diff --why oci:first:1 oci:second:1

Fields: type, mode, owner, time, link, device, size, content, xattrs, names, configuration.
Exit status: 0 they are the same; 2 they differ; 1 that could not be told.`,
    )
    .action(async (one: string, other: string, flags: DiffFlags) =>
      invoke(flags, (session) =>
        flags.why === true ? explain(one, other, flags, session) : diff(one, other, flags, session),
      ),
    );
};

async function explain(
  one: string,
  other: string,
  flags: DiffFlags,
  session: Session,
): Promise<Outcome> {
  if (flags.ignore !== undefined) {
    throw new OciError(
      "invalid-argument",
      "expected --why or --ignore, got both: a digest is of all that there is",
    );
  }
  const { context, progress } = session;
  const [{ explainReferences }, { explanationOutcome }] = await Promise.all([
    import("../../rootfs/why/explain-references.ts"),
    import("../output/explanation-text.ts"),
  ]);
  return explanationOutcome(
    await explainReferences(
      await parseConfigured(one, context),
      await parseConfigured(other, context),
      {
        ...(await referenceOptions(flags, session)),
        cache: await indexCacheOf(context),
        onProgress: showIndexing(progress),
      },
    ),
  );
}

async function diff(
  one: string,
  other: string,
  flags: DiffFlags,
  session: Session,
): Promise<Outcome> {
  const { context, progress } = session;
  const reports = planReports({ html: flags.html }, session);
  const { COMPARED_FIELDS } = await import("../../rootfs/compare/compare-nodes.ts");
  const known: readonly IgnoredField[] = [...COMPARED_FIELDS, "configuration"];
  const ignore = (flags.ignore ?? []).map((text) => oneOf("--ignore", text, known));
  letYoungGenerationGrow();
  const first = { reference: one, location: await parseConfigured(one, context) };
  const second = { reference: other, location: await parseConfigured(other, context) };
  const options: CompareReferencesOptions = {
    ...(await referenceOptions(flags, session)),
    ignore,
    cache: await indexCacheOf(context),
    onProgress: showComparing(progress),
  };
  if (!reports.hasPage) {
    const { compareReferences } = await import("../../disk/look/compare-references.ts");
    return outcomeOf(await compareReferences(first.location, second.location, options));
  }
  const { reportOnDifferences } = await import("../../report/report-on-differences.ts");
  const report = await reportOnDifferences(first, second, { ...options, tool: toolName() });
  const { files, tookStdout } = await reports.writeAll(report);
  const outcome = outcomeOf(report.comparison);
  return { ...outcome, document: { ...outcome.document, reports: files }, tookStdout };
}

function outcomeOf(found: ReferenceComparison): Outcome {
  const { one, other, compared, differences, configuration = [] } = found;
  const same = differences.length === 0 && configuration.length === 0;
  return {
    status: same ? DONE : DOES_NOT_HOLD,
    document: {
      same,
      one: sideDocument(one),
      other: sideDocument(other),
      compared,
      differences: differences.map(differenceDocument),
      ...(found.configuration && { configuration }),
    },
    lines: [
      ...differences.flatMap(differingLines),
      ...configuration.map(configurationLine),
      same
        ? `${count(compared, "path")} compared: the same`
        : `${count(compared, "path")} compared: ${count(differences.length, "path")} and ${count(configuration.length, "field")} of the configuration differ`,
      ...(found.configuration === undefined ? ["the configuration was not compared"] : []),
    ],
  };
}

function sideDocument({ name, image }: Side): object {
  return { root: name, ...(image && { digest: image.digest }) };
}

function differingLines({ path, kind, fields }: Difference): string[] {
  const sign = kind === "missing" ? "-" : kind === "unexpected" ? "+" : "~";
  return [`${sign} ${toText(path)}`, ...fieldLines(fields)];
}

function configurationLine({ field, one = "none", other = "none" }: ConfigDifference): string {
  return `~ ${field}: ${one} -> ${other}`;
}
