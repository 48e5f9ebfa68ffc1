// SPDX-License-Identifier: MIT
import type { Configuration } from "../../config/configuration.ts";
import { OciError } from "../../oci/errors.ts";
import type { LinkExpectation } from "../../verify/verify-links.ts";
import type { ReportOnLinksOptions } from "../../report/report-on-links.ts";
import type { Report, ReportSubject } from "../../report/report.ts";
import type { verdictOf } from "../../report/verdict.ts";
import {
  collect,
  prose,
  withRegistry,
  type Outcome,
  type Register,
  type Session,
} from "../command.ts";
import { findConfiguredTargets } from "../input/configured-targets.ts";
import { nameOf, variablesOf } from "../input/configured.ts";
import { planReports, toolName, withReportFiles, type ReportFlags } from "../input/report-flags.ts";
import { DOES_NOT_HOLD, DONE, FAILED } from "../exit-status.ts";
import { showIndexing } from "../progress/show-indexing.ts";

const STATUSES: Readonly<Record<ReturnType<typeof verdictOf>, number>> = {
  holds: DONE,
  wrong: DOES_NOT_HOLD,
  unknown: FAILED,
};

/** The flags of `verify-links`, as they were typed. */
interface VerifyLinksFlags extends ReportFlags {
  readonly json?: true;
  readonly expect?: readonly string[];
  readonly set?: readonly string[];
  readonly arch?: string;
}

export const verifyLinksCommand: Register = (program, invoke) => {
  withReportFiles(
    withRegistry(program.command("verify-links <PATH|REF...>")),
    "every link, hop by hop",
  )
    .summary("the compiler links of every root filesystem found there")
    .description(
      prose(`
        Follows cc, c++, gcc, g++, clang and clang++ of every root filesystem hop by hop, inside that
        root and never on this machine: OCI layouts and */rootfs directories below a path, or images
        by reference. A link holds when it ends at an executable of the image's architecture, and
        where something is expected of it (oci-kit.yaml's links, --expect) at exactly that. The
        oci-kit.yaml that counts is the one found upward from the path that is checked; of an image in a
        registry the one found upward from here, when it is about that repository.`),
    )
    .option("--expect <PATH=TARGET>", "where a link has to end; may be repeated", collect)
    .option("--set <NAME=VALUE>", "set a variable of oci-kit.yaml; may be repeated", collect)
    .option("--arch <ARCH>", "the architecture of roots that do not say it themselves")
    .addHelpText(
      "after",
      `
Examples:
  oci-kit verify-links out/linux-runtime
  oci-kit verify-links latest-cross
  oci-kit verify-links out/linux-runtime --html links.html --junit links.xml
  oci-kit verify-links --arch riscv64 --expect /usr/bin/cc=/opt/gcc-16.2.0/bin/gcc ./rootfs

Exit status: 0 every link holds; 2 one does not; 1 nothing was found to check.`,
    )
    .action(async (targets: readonly string[], flags: VerifyLinksFlags) =>
      invoke(flags, (session) => verify(targets, flags, session)),
    );
};

async function verify(
  targets: readonly string[],
  flags: VerifyLinksFlags,
  session: Session,
): Promise<Outcome> {
  const { context, progress } = session;
  const reports = planReports(flags, session);
  const [{ indexCacheOf }, { reportOnLinks }] = await Promise.all([
    import("../input/index-cache.ts"),
    import("../../report/report-on-links.ts"),
  ]);
  const asked = (flags.expect ?? []).map(parseExpectation);
  const found = await findConfiguredTargets(targets, variablesOf(flags.set ?? []), context);
  const options: ReportOnLinksOptions = {
    tool: toolName(),
    architecture: flags.arch,
    cache: await indexCacheOf(context),
    signal: context.signal,
    registry: context.registry,
    limits: context.limits,
    onProgress: showIndexing(progress),
  };
  const checked: Checked[] = [];
  const notices = new Set<string>();
  for (const [at, { location, configuration }] of found.entries()) {
    const expect = await expectations(configuration, asked, notices);
    const report = await reportOnLinks([{ reference: targets[at]!, location, expect }], options);
    checked.push({ configuration, subjects: report.subjects });
  }
  const report = { tool: toolName(), subjects: checked.flatMap(({ subjects }) => subjects) };
  const { files, tookStdout } = await reports.writeAll(report);
  return { ...(await outcomeOf(report, checked, files)), tookStdout, notices: [...notices] };
}

/** A target that was checked, with the configuration that counted. */
interface Checked {
  readonly configuration: Configuration | undefined;
  readonly subjects: readonly ReportSubject[];
}

async function outcomeOf(
  report: Report,
  checked: readonly Checked[],
  files: object,
): Promise<Outcome> {
  const [{ verdictOf }, { renderText }, { linkReportDocument }] = await Promise.all([
    import("../../report/verdict.ts"),
    import("../../report/text/render-text.ts"),
    import("../../report/link-report-document.ts"),
  ]);
  const verdict = verdictOf(report);
  const names = new Set<string>();
  for (const { configuration } of checked) names.add(await nameOf(configuration));
  const roots = checked.flatMap(({ configuration, subjects }) =>
    subjects.flatMap(({ images }) =>
      images.flatMap(({ links }) =>
        links === undefined
          ? []
          : [{ ...linkReportDocument(links), configuration: configuration?.file }],
      ),
    ),
  );
  return {
    status: STATUSES[verdict],
    document: {
      ok: verdict === "holds",
      roots,
      ...(Object.keys(files).length > 0 && { reports: files }),
    },
    lines: [...renderText(report), `configuration: ${[...names].join(", ")}`],
  };
}

/** @throws OciError `invalid-argument` */
function parseExpectation(text: string): LinkExpectation {
  const [path = "", target = "", ...more] = text.split("=");
  if (path.startsWith("/") && target.startsWith("/") && more.length === 0) return { path, target };
  throw new OciError(
    "invalid-argument",
    `--expect: expected PATH=TARGET with absolute paths, got ${JSON.stringify(text)}`,
    { hint: "For example --expect /usr/bin/cc=/opt/gcc-16.2.0/bin/gcc" },
  );
}

type Expect = (architecture: string | undefined) => readonly LinkExpectation[];

/**
 * What the configuration expects of links, then what was asked for. Architectures that the configuration does not list
 * are told to `notices`.
 */
async function expectations(
  configuration: Configuration | undefined,
  asked: readonly LinkExpectation[],
  notices: Set<string>,
): Promise<Expect> {
  const { links: declared = [] } = configuration?.document ?? {};
  if (configuration === undefined || declared.length === 0) return () => asked;
  const { expectedLinks } = await import("../../config/expected-links.ts");
  const name = await nameOf(configuration);
  return (architecture) => {
    const meant = configuration.architectures.filter(
      (one) => architecture === undefined || one === architecture,
    );
    const [links, ...others] = meant.map((one) => expectedLinks(configuration, one));
    if (others.some((other) => JSON.stringify(other) !== JSON.stringify(links))) {
      throw new OciError(
        "missing-input",
        `${name}: links differ by architecture: expected roots that say theirs, got one that does not`,
        { hint: "Name it with --arch, or leave the file's links out with --no-config." },
      );
    }
    if (links === undefined) {
      notices.add(
        `${name} does not list ${architecture ?? "any architecture"}: its links were not asked`,
      );
    }
    return [...(links ?? []), ...asked];
  };
}
