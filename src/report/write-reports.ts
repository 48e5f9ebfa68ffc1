// SPDX-License-Identifier: MIT
import { once } from "../bytes/bytes.ts";
import type { AbortOptions, Bytes } from "../bytes/bytes.ts";
import { writeOutput } from "../files/write-output.ts";
import type { Report } from "./report.ts";

/** The formats that are files. */
export type ReportFormat = "html" | "sarif" | "junit";

/** The files of a report by their format; `-` is stdout. */
export type ReportFiles = Readonly<Partial<Record<ReportFormat, string | undefined>>>;

export interface WriteReportsOptions extends AbortOptions {
  /** Writes what goes to `-`. Default: to this process's stdout. */
  readonly writeBytes?: ((bytes: Bytes) => Promise<void>) | undefined;
}

/**
 * Writes a report in each of some formats, each file whole or not at all, as `writeOutput` writes it.
 * @throws OciError `unwritable`, `not-found` when a file's directory is missing, `aborted`
 */
export async function writeReports(
  report: Report,
  files: ReportFiles,
  options: WriteReportsOptions = {},
): Promise<void> {
  for (const [format, file] of Object.entries(files) as [ReportFormat, string | undefined][]) {
    if (file === undefined) continue;
    await writeReportFile(file, await render(report, format), options);
  }
}

/** Writes one file as {@link writeReports} does. @throws as that */
export async function writeReportFile(
  file: string,
  text: string,
  { signal, writeBytes }: WriteReportsOptions = {},
): Promise<void> {
  const bytes = once(new TextEncoder().encode(text));
  if (file === "-" && writeBytes !== undefined) await writeBytes(bytes);
  else await writeOutput(file === "-" ? "/dev/stdout" : file, bytes, { signal });
}

/** Each format is loaded when it is wanted. */
async function render(report: Report, format: ReportFormat): Promise<string> {
  switch (format) {
    case "html":
      return (await import("./html/render-page.ts")).renderPage(report);
    case "sarif": {
      const { renderSarif } = await import("./sarif/render-sarif.ts");
      return `${JSON.stringify(renderSarif(report), undefined, 2)}\n`;
    }
    case "junit":
      return (await import("./junit/render-junit.ts")).renderJunit(report);
  }
}
