// SPDX-License-Identifier: MIT
import type { ImagesReport } from "../verify/image/image-report.ts";
import { judgeReports } from "../verify/link-report.ts";
import type { Report, ReportSubject } from "./report.ts";

/**
 * The answer for all subjects: `wrong` where one is, else `unknown` where one could not be told, or where there
 * was nothing to check.
 */
export function verdictOf({ subjects }: Report): ImagesReport["verdict"] {
  const verdicts = subjects.flatMap((subject) => [
    ...(subject.verified === undefined ? [] : [subject.verified.verdict]),
    ...verdictOnLinks(subject),
  ]);
  if (verdicts.includes("wrong")) return "wrong";
  return verdicts.includes("unknown") ? "unknown" : "holds";
}

function verdictOnLinks({ images }: ReportSubject): readonly ImagesReport["verdict"][] {
  const reports = images.flatMap(({ links }) => links ?? []);
  if (reports.length === 0) return [];
  const verdict = judgeReports(reports);
  return [verdict === "nothing-to-check" ? "unknown" : verdict];
}
