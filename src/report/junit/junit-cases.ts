// SPDX-License-Identifier: MIT
import { toText } from "../../bytes/byte-string.ts";
import type { LinkReport } from "../../verify/link-report.ts";
import { groupFindings, listFindings, type ListedFinding } from "../list-findings.ts";
import type { Report, ReportedImage, ReportSubject } from "../report.ts";
import { CONTENT_RULES, IMAGE_RULES } from "../rules/image-rules.ts";
import { POLICY_KINDS } from "../rules/policy-rules.ts";
import type { Rules } from "../rules/rule.ts";

/** One thing that was asked, and the answer. */
export interface JunitCase {
  readonly name: string;
  /** The code of the first failure. */
  readonly type: string | undefined;
  readonly failures: readonly string[];
  /** What is worth knowing, and no failure. */
  readonly notes: readonly string[];
  /** Why nothing was asked; undefined where it was. */
  readonly skipped: string | undefined;
}

/** The cases of one subject or image; there is always one. */
export interface JunitSuite {
  readonly name: string;
  readonly cases: readonly JunitCase[];
}

/** All suites of a report: for each subject one of its content, then one or two of each image. */
export function listSuites(report: Report): readonly JunitSuite[] {
  const all = listFindings(report);
  const ofContent = groupFindings(
    all.filter(({ image }) => image === undefined),
    ({ subject }) => subject,
  );
  const ofImages = groupFindings(all, ({ image }) => image);
  return report.subjects.flatMap((subject) => [
    ...(subject.verified?.content === undefined
      ? []
      : [contentSuite(subject, ofContent.get(subject) ?? [])]),
    ...subject.images.flatMap((image) => {
      const own = ofImages.get(image) ?? [];
      const { report: verified, links } = image;
      return [
        ...(verified === undefined ? [] : [imageSuite(subject, image, own)]),
        ...(links === undefined ? [] : [linkSuite(subject, image, links, own)]),
      ];
    }),
  ]);
}

function contentSuite(subject: ReportSubject, findings: readonly ListedFinding[]): JunitSuite {
  return { name: `${subject.reference}: content`, cases: casesOf(CONTENT_RULES, findings) };
}

/** A case for each check that every image has, then one for each policy that was asked. */
function imageSuite(
  subject: ReportSubject,
  image: ReportedImage,
  findings: readonly ListedFinding[],
): JunitSuite {
  const { checked, policies = [] } = image.report!;
  const usual = findings.filter(({ policy }) => policy === undefined);
  const skipped = checked === undefined ? "the image could not be looked into" : undefined;
  return {
    name: nameOf(subject, image),
    cases: [
      ...casesOf(IMAGE_RULES, usual, skipped),
      ...policies.map(({ name, kind }) =>
        caseOf(
          `policy ${name}: ${POLICY_KINDS[kind]}`,
          findings.filter(({ policy }) => policy === name),
        ),
      ),
    ],
  };
}

/** A case for each link that was followed. Where there was none, that there is one is the case, and fails. */
function linkSuite(
  subject: ReportSubject,
  image: ReportedImage,
  { chains }: LinkReport,
  findings: readonly ListedFinding[],
): JunitSuite {
  const ofLinks = findings.filter(({ ruleId }) => ruleId.startsWith("links/"));
  const byPath = groupFindings(ofLinks, ({ path }) => path);
  const paths = new Set(chains.map(({ path }) => path));
  const others = ofLinks.filter(({ path }) => !paths.has(path!));
  const nothing = {
    ...{ name: "links: there is one to check", type: "nothing-to-check", notes: [] },
    ...{ failures: ["no compiler on the PATH and no expected link"], skipped: undefined },
  };
  return {
    name: `${nameOf(subject, image)}: links`,
    cases: [
      ...(chains.length === 0 ? [nothing] : []),
      ...chains.map(({ path, expected }) =>
        caseOf(
          `${toText(path)} ${expected === undefined ? "ends at a compiler" : `ends at ${toText(expected)}`}`,
          byPath.get(path) ?? [],
        ),
      ),
      ...[...groupFindings(others, ({ code }) => code)].map(([code, own]) =>
        caseOf(`${code}: ${own[0]!.rule.holds}`, own),
      ),
    ],
  };
}

/** Without the digest, where the platform is enough: a case keeps its name when the image is built again. */
function nameOf({ reference, images }: ReportSubject, image: ReportedImage): string {
  const { platform = "", digest = "" } = image;
  const isOnly = images.filter((other) => other.platform === image.platform).length === 1;
  return [reference, platform, isOnly ? "" : digest].filter((part) => part !== "").join(" ");
}

/** A case for each rule, and for each code beyond them. */
function casesOf(
  rules: Rules<string>,
  findings: readonly ListedFinding[],
  skipped?: string,
): JunitCase[] {
  const holds = new Map([
    ...Object.entries(rules).map(([code, rule]) => [code, rule.holds] as const),
    ...findings.map(({ code, rule }) => [code, rule.holds] as const),
  ]);
  return [...holds].map(([code, sentence]) =>
    caseOf(
      `${code}: ${sentence}`,
      findings.filter((one) => one.code === code),
      skipped,
    ),
  );
}

/** Codes of notes that say that nothing was compared: that is no pass. */
const NOTHING_COMPARED: ReadonlySet<string> = new Set([
  ...["nothing-matched", "tree-without-objects", "no-policies"],
]);

function caseOf(name: string, findings: readonly ListedFinding[], skipped?: string): JunitCase {
  const errors = findings.filter(({ severity }) => severity === "error");
  const nothing = findings.find(({ code }) => NOTHING_COMPARED.has(code));
  return {
    name,
    type: errors[0]?.code,
    failures: errors.map(({ message }) => message),
    notes: findings.filter(({ severity }) => severity === "note").map(({ message }) => message),
    skipped:
      errors.length > 0
        ? undefined
        : (nothing?.message ?? (findings.length === 0 ? skipped : undefined)),
  };
}
