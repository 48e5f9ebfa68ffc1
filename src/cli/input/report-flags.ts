// SPDX-License-Identifier: MIT
import type { Command } from "commander";
import { findOutput } from "../../files/output/output-place.ts";
import { isStandardOutput } from "../../files/output/standard-output.ts";
import { OciError } from "../../oci/errors.ts";
import { quote } from "../../oci/quote.ts";
import type { Report } from "../../report/report.ts";
import type { ReportFiles, ReportFormat } from "../../report/write-reports.ts";
import type { Outcome, Session } from "../command.ts";
import { version } from "../version.ts";
import { claimStandardOutput } from "./target.ts";

/** The flags that name files for reports. */
export type ReportFlags = ReportFiles;

const FORMATS = ["html", "sarif", "junit"] as const satisfies readonly ReportFormat[];

/** Adds the flag for an HTML page. */
export function withHtml(command: Command, what: string): Command {
  return command.option("--html <FILE>", `write one HTML page: ${what} (- is stdout)`);
}

/** Adds the flags for all formats; `what` is on the page. */
export function withReportFiles(command: Command, what: string): Command {
  return withHtml(command, what)
    .option("--sarif <FILE>", "write the findings as SARIF 2.1.0, for code scanning (- is stdout)")
    .option("--junit <FILE>", "write the checks as JUnit XML, for CI (- is stdout)");
}

/** Reports that were asked for, and that can be written. */
export interface PlannedReports {
  /** Whether there is a page, which shows more than the findings. */
  readonly hasPage: boolean;
  /** Writes them all. */
  readonly writeAll: (report: Report) => Promise<WrittenReports>;
  /** Writes the page, of something that has no report. */
  readonly writePage: (page: string) => Promise<WrittenReports>;
}

/** What writing adds to the outcome. */
export interface WrittenReports extends Pick<Outcome, "tookStdout"> {
  readonly files: ReportFiles;
}

/** The program, as its reports name it. */
export function toolName(): Report["tool"] {
  return { name: "oci-kit", version: version() };
}

/**
 * Checks where reports are to be written before anything is verified, which can take minutes.
 * @throws OciError `invalid-argument` for one place twice, or for stdout where it is taken; `not-found`,
 * `unwritable` for a file that can't be written
 */
export function planReports(flags: ReportFlags, session: Session): PlannedReports {
  const wanted = FORMATS.flatMap((format) => {
    const file = flags[format];
    return file === undefined ? [] : [[format, file] as const];
  });
  const files: ReportFiles = Object.fromEntries(wanted);
  const taken = new Map<string, string>();
  let tookStdout = false;
  for (const [format, file] of wanted) {
    const place = placeOf(file, format);
    const before = taken.get(place);
    if (before !== undefined) {
      throw new OciError(
        "invalid-argument",
        `--${format} ${quote(file)}: expected a file of its own, got that of --${before}`,
      );
    }
    taken.set(place, format);
    if (place !== "-") continue;
    claimStandardOutput(`--${format}`, "Name a file.", session);
    tookStdout = true;
  }
  const { signal, writeBytes } = session.context;
  return {
    hasPage: files.html !== undefined,
    writeAll: async (report) => {
      const { writeReports } = await import("../../report/write-reports.ts");
      await writeReports(report, files, { signal, writeBytes });
      return { tookStdout, files };
    },
    writePage: async (page) => {
      const { writeReportFile } = await import("../../report/write-reports.ts");
      if (files.html !== undefined) await writeReportFile(files.html, page, { signal, writeBytes });
      return { tookStdout, files };
    },
  };
}

function placeOf(file: string, format: string): string {
  if (file === "") {
    throw new OciError("invalid-argument", `--${format}: expected a file, got an empty name`);
  }
  if (isStandardOutput(file)) return "-";
  const place = findOutput(file);
  return place.kind === "descriptor" ? `descriptor ${place.fd}` : place.path;
}
