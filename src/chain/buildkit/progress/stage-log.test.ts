// SPDX-License-Identifier: MIT
import { mkdtempSync, readdirSync, readFileSync, rmSync, utimesSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { archiveLogs, openStageLog } from "./stage-log.ts";

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "oci-kit-logs-"));
});
afterEach(() => rmSync(directory, { recursive: true }));

function writeLog(stage: string, line: string): string {
  const log = openStageLog(directory, stage);
  const step = { number: 1, name: "[1/1] RUN x" };
  log.write({ kind: "step-started", step, count: { finished: 0, known: 1 } });
  log.write({ kind: "output", step, stream: "stdout", line });
  log.close();
  return log.path;
}

it("a log has the steps and what they printed, and is whole at any time", () => {
  const path = writeLog("sdk-arm64", "made it");
  expect(readFileSync(path, "utf8")).toBe("#1 [1/1] RUN x\n#1 made it\n");
});

it("the logs of earlier runs are kept for five runs, by the time when they ended", () => {
  archiveLogs(join(directory, "none-yet"));
  for (let run = 1; run <= 7; run += 1) {
    archiveLogs(directory);
    const when = new Date(Date.UTC(2026, 0, run));
    for (const stage of ["base", "sdk"]) utimesSync(writeLog(stage, `run ${run}`), when, when);
  }
  archiveLogs(directory);
  expect(readdirSync(directory)).toEqual(["archive"]);
  const runs = readdirSync(join(directory, "archive")).sort();
  expect(runs.map((name) => name.slice(0, 8))).toEqual(
    [3, 4, 5, 6, 7].map((day) => `2026010${day}`),
  );
  const last = join(directory, "archive", runs[4]!);
  expect(readdirSync(last).sort()).toEqual(["base.log", "sdk.log"]);
  expect(readFileSync(join(last, "sdk.log"), "utf8")).toContain("run 7");
});

it("a log that can't be written any more says so, and throws nothing", () => {
  const log = openStageLog(directory, "full");
  log.close();
  log.write({ kind: "remark", text: "late" });
  expect(log.failure()).toBeInstanceOf(Error);
});

it("a stage's name leads to no other directory", () => {
  expect(() => openStageLog(directory, "../x")).toThrow(/stage: expected a name/);
});
