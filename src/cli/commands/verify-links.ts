// SPDX-License-Identifier: MIT
import type { Configuration } from "../../config/configuration.ts";
import { OciError } from "../../oci/errors.ts";
import type { LinkExpectation } from "../../verify/verify-links.ts";
import type { LinkReport } from "../../verify/link-report.ts";
import type { judgeReports, VerifyRootsOptions } from "../../verify/verify-roots.ts";
import {
  collect,
  prose,
  withRegistry,
  type Outcome,
  type Register,
  type Session,
} from "../command.ts";
import { findConfiguredTargets, type ConfiguredTarget } from "../input/configured-targets.ts";
import { nameOf, variablesOf } from "../input/configured.ts";
import { linkReportDocument } from "../output/link-report-document.ts";
import { DOES_NOT_HOLD, DONE, FAILED } from "../exit-status.ts";
import { count } from "../output/format.ts";
import { showIndexing } from "../progress/show-indexing.ts";

type Verdict = ReturnType<typeof judgeReports>;

const STATUSES: Readonly<Record<Verdict, number>> = {
  holds: DONE,
  wrong: DOES_NOT_HOLD,
  "nothing-to-check": FAILED,
};

interface VerifyLinksFlags {
  readonly json?: true;
  readonly expect?: readonly string[];
  readonly set?: readonly string[];
  readonly arch?: string;
}

export const verifyLinksCommand: Register = (program, invoke) => {
  withRegistry(program.command("verify-links <PATH|REF...>"))
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
  { context, progress }: Session,
): Promise<Outcome> {
  const { indexCacheOf } = await import("../input/index-cache.ts");
  const asked = (flags.expect ?? []).map(parseExpectation);
  const options = {
    architecture: flags.arch,
    cache: await indexCacheOf(context),
    signal: context.signal,
    registry: context.registry,
    limits: context.limits,
    onProgress: showIndexing(progress),
  };
  const checked: Checked[] = [];
  const variables = variablesOf(flags.set ?? []);
  for (const target of await findConfiguredTargets(targets, variables, context)) {
    checked.push(await check(target, asked, options));
  }
  return outcomeOf(checked);
}

interface Checked extends ConfiguredTarget {
  readonly reports: readonly LinkReport[];
}

async function check(
  target: ConfiguredTarget,
  asked: readonly LinkExpectation[],
  options: VerifyRootsOptions,
): Promise<Checked> {
  const { verifyRoots } = await import("../../verify/verify-roots.ts");
  const expect = await expectations(target.configuration, asked);
  return { ...target, reports: await verifyRoots([target.location], { ...options, expect }) };
}

async function outcomeOf(checked: readonly Checked[]): Promise<Outcome> {
  const [{ judgeReports }, { formatLinkReport }] = await Promise.all([
    import("../../verify/verify-roots.ts"),
    import("../../verify/format-report.ts"),
  ]);
  const reports = checked.flatMap((one) => one.reports);
  const verdict = judgeReports(reports);
  const names = new Set<string>();
  for (const { configuration } of checked) names.add(await nameOf(configuration));
  const roots = checked.flatMap(({ configuration, reports: own }) =>
    own.map((report) => ({ ...linkReportDocument(report), configuration: configuration?.file })),
  );
  return {
    status: STATUSES[verdict],
    document: { ok: verdict === "holds", roots },
    lines: [
      ...reports.flatMap((report) => formatLinkReport(report).split("\n")),
      `configuration: ${[...names].join(", ")}`,
      summary(reports, verdict),
    ],
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

async function expectations(
  configuration: Configuration | undefined,
  asked: readonly LinkExpectation[],
): Promise<Expect> {
  if (configuration === undefined) return () => asked;
  const { expectedLinks } = await import("../../config/expected-links.ts");
  const { architectures } = configuration;
  return (architecture) => {
    const known = architectures.filter(
      (name) => architecture === undefined || name === architecture,
    );
    const lists = known.map((name) => expectedLinks(configuration, name));
    const same = lists.every((list) => JSON.stringify(list) === JSON.stringify(lists[0]));
    return [...(same ? (lists[0] ?? []) : []), ...asked];
  };
}

function summary(reports: readonly LinkReport[], verdict: Verdict): string {
  const checked = reports.reduce((sum, report) => sum + report.checked, 0);
  const counted = `${count(checked, "link")} checked in ${count(reports.length, "root")}`;
  switch (verdict) {
    case "holds":
      return `${counted}: all hold`;
    case "wrong":
      return `${counted}: ${count(reports.filter(({ ok }) => !ok).length, "root")} with errors`;
    case "nothing-to-check": {
      const empty = reports.filter((report) => report.checked === 0).length;
      return `${counted}: nothing to check in ${count(empty, "root")}, so this is no answer`;
    }
  }
}
