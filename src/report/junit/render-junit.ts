// SPDX-License-Identifier: MIT
import { listFindings, type ListedFinding } from "../list-findings.ts";
import type { Report, ReportedImage, ReportSubject } from "../report.ts";
import { CONTENT_RULES, describeRule, IMAGE_RULES } from "../rules.ts";
import { escapeXml, openTag } from "./escape-xml.ts";

/**
 * Renders findings as JUnit XML, for the test reports of CI: a suite for the content of what was asked about
 * and one for each image, with a test case for each check. Errors are failures, notes the case's output; the
 * cases of an image that could not be looked into are skipped. Has no times: it is the same in every run.
 */
export function renderJunit(report: Report): string {
  const findings = listFindings(report);
  const suites = report.subjects.flatMap((subject) => [
    ...(subject.verified?.content === undefined ? [] : [contentSuite(subject, findings)]),
    ...subject.images.map((image) => imageSuite(subject, image, findings)),
  ]);
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    openTag("testsuites", { name: report.tool.name, ...totalOf(suites.flat()) }),
    ...suites.flatMap(renderSuite),
    "</testsuites>",
    "",
  ].join("\n");
}

interface Case {
  readonly suite: string;
  readonly name: string;
  readonly findings: readonly ListedFinding[];
  readonly isSkipped: boolean;
}

/** The cases of one suite; there is always one. */
type Suite = readonly Case[];

function contentSuite(subject: ReportSubject, findings: readonly ListedFinding[]): Suite {
  const own = findings.filter((one) => one.subject === subject && one.image === undefined);
  return casesOf(`${subject.reference}: content`, Object.keys(CONTENT_RULES), own, false);
}

function imageSuite(
  { reference }: ReportSubject,
  image: ReportedImage,
  findings: readonly ListedFinding[],
): Suite {
  const { platform = "", digest = "" } = image;
  const own = findings.filter((one) => one.image === image);
  const isSkipped = image.report?.checked === undefined;
  const name = [reference, platform, digest].filter((part) => part !== "").join(" ");
  return casesOf(name, Object.keys(IMAGE_RULES), own, isSkipped);
}

function casesOf(
  suite: string,
  rules: readonly string[],
  findings: readonly ListedFinding[],
  isSkipped: boolean,
): Suite {
  const codes = new Set([...rules, ...findings.map(({ code }) => code)]);
  return [...codes].map((name) => {
    const own = findings.filter(({ code }) => code === name);
    return { suite, name, findings: own, isSkipped: isSkipped && own.length === 0 };
  });
}

function totalOf(
  cases: Suite,
): Readonly<Record<"tests" | "failures" | "errors" | "skipped", number>> {
  return {
    tests: cases.length,
    failures: cases.filter(({ findings }) => findings.some(isError)).length,
    errors: 0,
    skipped: cases.filter(({ isSkipped }) => isSkipped).length,
  };
}

function isError({ severity }: ListedFinding): boolean {
  return severity === "error";
}

function renderSuite(cases: Suite): string[] {
  return [
    `  ${openTag("testsuite", { name: cases[0]!.suite, ...totalOf(cases) })}`,
    ...cases.flatMap(renderCase),
    "  </testsuite>",
  ];
}

function renderCase({ suite, name, findings, isSkipped }: Case): string[] {
  const tag = openTag("testcase", { classname: suite, name: `${name}: ${describeRule(name)}` });
  const errors = findings.filter(isError).map(({ message }) => message);
  const notes = findings.filter((one) => !isError(one)).map(({ message }) => message);
  return [
    `    ${tag}`,
    ...(isSkipped ? ['      <skipped message="the image could not be looked into"/>'] : []),
    ...(errors.length === 0
      ? []
      : [
          `      ${openTag("failure", { type: name, message: errors[0] })}${escapeXml(errors.join("\n"))}</failure>`,
        ]),
    ...(notes.length === 0
      ? []
      : [`      <system-out>${escapeXml(notes.join("\n"))}</system-out>`]),
    "    </testcase>",
  ];
}
