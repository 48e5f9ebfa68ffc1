// SPDX-License-Identifier: MIT
import type { LinkReport } from "./link-report.ts";

/** A report for people: every chain hop by hop with ✓ or ✗, then what is wrong. Names are escaped; ends with a newline. */
export declare function formatLinkReport(report: LinkReport): string;
