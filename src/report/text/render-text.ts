// SPDX-License-Identifier: MIT
import { judgeReports, type LinkReport } from "../../verify/link-report.ts";
import type { Report } from "../report.ts";
import { escapeLine } from "./escape-line.ts";
import { count } from "./format.ts";
import { linkReportLines } from "./link-report-lines.ts";
import { verifiedLines } from "./verified-lines.ts";

/**
 * Renders a report for people, as lines for a terminal: what is wrong, then what was looked at; of links every
 * chain, and at the end a sum of them all. Names are escaped.
 */
export function renderText({ subjects }: Report): readonly string[] {
  const links = subjects.flatMap(({ images }) => images.flatMap((image) => image.links ?? []));
  return [
    ...subjects.flatMap(({ verified }) => (verified === undefined ? [] : verifiedLines(verified))),
    ...links.flatMap(linkReportLines),
    ...(links.length === 0 ? [] : [summarise(links)]),
  ].map(escapeLine);
}

function summarise(reports: readonly LinkReport[]): string {
  const checked = reports.reduce((sum, report) => sum + report.checked, 0);
  const counted = `${count(checked, "link")} checked in ${count(reports.length, "root")}`;
  switch (judgeReports(reports)) {
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
