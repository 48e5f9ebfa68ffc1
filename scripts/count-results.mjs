// SPDX-License-Identifier: MIT
// Prints "PASSED FAILED" for one vitest JSON report. A run that failed without a failed test (a file that did not load, an
// unhandled rejection), that skipped one, or that executed none counts as a failure.
import { readFileSync } from "node:fs";

const [, , file, status] = process.argv;
if (file === undefined) throw new Error("usage: count-results.mjs REPORT STATUS");
/** @type {unknown} */
const parsed = JSON.parse(readFileSync(file, "utf8"));
const report =
  /** @type {{ numPassedTests: number, numFailedTests: number, numPendingTests: number, numTodoTests: number }} */ (
    parsed
  );
const skipped = report.numPendingTests + report.numTodoTests;
const passed = report.numPassedTests;
let failed = report.numFailedTests + skipped;
if (failed === 0 && (status !== "0" || passed === 0)) failed = 1;
console.log(`${passed} ${failed}`);
