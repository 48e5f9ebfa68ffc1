// SPDX-License-Identifier: MIT
import type { Configuration } from "../../config/configuration.ts";
import { OciError } from "../../oci/errors.ts";
import type { LinkExpectation } from "../../verify/verify-links.ts";
import type { LinkReport } from "../../verify/link-report.ts";
import { withJson, type Outcome, type Register, type Session } from "../command.ts";
import { configurationOf, parseConfigured } from "../configured.ts";
import { linkReportDocument } from "../link-report-document.ts";
import { DOES_NOT_HOLD, DONE } from "../exit-status.ts";
import { count } from "../format.ts";
import { showIndexing } from "../show-indexing.ts";

interface VerifyLinksFlags {
  readonly json?: true;
  readonly expect?: readonly string[];
  readonly arch?: string;
}

export const verifyLinksCommand: Register = (program, invoke) => {
  withJson(program.command("verify-links <PATH|REF...>"))
    .summary("the compiler links of every root filesystem found there")
    .description(
      `Follows cc, c++, gcc, g++, clang and clang++ of every root filesystem hop by hop, inside that
root and never on this machine: OCI layouts and */rootfs directories below a path, or images
by reference. A link holds when it ends at an executable of the image's architecture, and
where something is expected of it (oci-kit.yaml's links, --expect) at exactly that.`,
    )
    .option("--expect <PATH=TARGET>", "where a link has to end; may be given again", collect)
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

function collect(value: string, values: readonly string[] = []): readonly string[] {
  return [...values, value];
}

async function verify(
  targets: readonly string[],
  flags: VerifyLinksFlags,
  { context, progress }: Session,
): Promise<Outcome> {
  const [{ verifyRoots }, { openLayerIndexCache }, { formatLinkReport }, { formatLocation }] =
    await Promise.all([
      import("../../verify/verify-roots.ts"),
      import("../../disk/layer-index-cache.ts"),
      import("../../verify/format-report.ts"),
      import("../../image/location.ts"),
    ]);
  const asked = (flags.expect ?? []).map(parseExpectation);
  const configuration = await configurationOf(context);
  const places = await Promise.all(
    targets.map(async (target) => formatLocation(await parseConfigured(target, context))),
  );
  const reports = await verifyRoots(places, {
    architecture: flags.arch,
    expect: await expectations(configuration, asked),
    cache: openLayerIndexCache(),
    signal: context.signal,
    onProgress: showIndexing(progress),
  });
  const ok = reports.every((report) => report.ok);
  return {
    status: ok ? DONE : DOES_NOT_HOLD,
    document: { ok, roots: reports.map(linkReportDocument) },
    text: reports.map(formatLinkReport).join("\n") + summary(reports),
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

function summary(reports: readonly LinkReport[]): string {
  const checked = reports.reduce((sum, report) => sum + report.checked, 0);
  const wrong = reports.filter((report) => !report.ok).length;
  const verdict = wrong === 0 ? "all of them hold" : `${count(wrong, "root")} with errors`;
  return `${count(checked, "link")} checked in ${count(reports.length, "root")}: ${verdict}\n`;
}
