// SPDX-License-Identifier: MIT
// Prints "PASSED FAILED" for one vitest JSON report, and each failed test with its reason to standard error.
// A run also counts as a failure if it failed without a failed test (a file that did not load, an unhandled
// rejection), skipped a test, or ran none.
import { readFileSync } from "node:fs";

const REASON = 2000;

const [, , file, status] = process.argv;
if (file === undefined) throw new Error("usage: count-results.mjs REPORT STATUS");
/** @type {unknown} */
const parsed = JSON.parse(readFileSync(file, "utf8"));
const report =
  /** @type {{ numPassedTests: number, numFailedTests: number, numPendingTests: number, numTodoTests: number,
   *   testResults: { name: string, status: string, message?: string,
   *     assertionResults: { status: string, fullName: string, failureMessages?: string[] }[] }[] }} */ (
    parsed
  );

for (const { name, status: ended, message = "", assertionResults } of report.testResults) {
  const failures = assertionResults.filter((test) => test.status !== "passed");
  for (const test of failures) {
    tell(`${name}: ${test.fullName}: ${test.status}`, (test.failureMessages ?? []).join("\n"));
  }
  if (ended === "failed" && failures.length === 0) tell(`${name}: did not load`, message);
}

const skipped = report.numPendingTests + report.numTodoTests;
const passed = report.numPassedTests;
let failed = report.numFailedTests + skipped;
if (failed === 0 && (status !== "0" || passed === 0)) {
  failed = 1;
  console.error(
    `ended with ${String(status)}, ${String(passed)} passed, and names no test that failed`,
  );
}
console.log(`${String(passed)} ${String(failed)}`);

/** @type {(what: string, reason: string) => void} */
function tell(what, reason) {
  console.error(what);
  for (const line of reason.slice(0, REASON).split("\n"))
    if (line !== "") console.error(`  ${line}`);
}
