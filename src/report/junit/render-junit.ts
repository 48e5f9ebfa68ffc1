// SPDX-License-Identifier: MIT
import type { Report } from "../report.ts";
import { escapeXml, openTag } from "./escape-xml.ts";
import { listSuites, type JunitCase, type JunitSuite } from "./junit-cases.ts";

/**
 * Renders a report as JUnit XML, for the test reports of CI: a suite for the content of what was asked about
 * and one for each image, with a test case for each check, each policy and each link. Errors are failures, notes
 * the case's output. What could not be asked is skipped, and so is a policy that found nothing to compare: neither
 * passed. Has no times: it is the same in every run.
 */
export function renderJunit(report: Report): string {
  const suites = listSuites(report);
  const { tests, failures, errors } = totalOf(suites.flatMap(({ cases }) => cases));
  // How many of all suites are skipped has no place in the schemas of JUnit.
  const total = { tests, failures, errors };
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    openTag("testsuites", { name: report.tool.name, ...total }),
    ...suites.flatMap(renderSuite),
    "</testsuites>",
    "",
  ].join("\n");
}

function totalOf(
  cases: readonly JunitCase[],
): Readonly<Record<"tests" | "failures" | "errors" | "skipped", number>> {
  return {
    tests: cases.length,
    failures: cases.filter(({ failures }) => failures.length > 0).length,
    errors: 0,
    skipped: cases.filter(({ skipped }) => skipped !== undefined).length,
  };
}

function renderSuite({ name, cases }: JunitSuite): string[] {
  return [
    `  ${openTag("testsuite", { name, ...totalOf(cases) })}`,
    ...cases.flatMap((one) => renderCase(name, one)),
    "  </testsuite>",
  ];
}

function renderCase(suite: string, { name, type, failures, notes, skipped }: JunitCase): string[] {
  return [
    `    ${openTag("testcase", { classname: suite, name })}`,
    ...(skipped === undefined
      ? []
      : [`      ${openTag("skipped", { message: skipped })}</skipped>`]),
    ...(failures.length === 0
      ? []
      : [
          `      ${openTag("failure", { type, message: failures[0] })}${escapeXml(failures.join("\n"))}</failure>`,
        ]),
    ...(notes.length === 0
      ? []
      : [`      <system-out>${escapeXml(notes.join("\n"))}</system-out>`]),
    "    </testcase>",
  ];
}
