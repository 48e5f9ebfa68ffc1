// SPDX-License-Identifier: MIT
import { expect, it } from "vitest";
import { OciError } from "../oci/errors.ts";
import { DOES_NOT_HOLD, exitStatusOf, FAILED, STOPPED_BY } from "./exit-status.ts";

it("the exit status is 2 when a gate refuses or an architecture is wrong", () => {
  expect(exitStatusOf(new OciError("gate-refused", "no"))).toBe(DOES_NOT_HOLD);
  expect(exitStatusOf(new OciError("wrong-architecture", "no"))).toBe(DOES_NOT_HOLD);
});

it("the exit status is 1 for a failure, for a check that could not be made, and for any other thrown value", () => {
  for (const code of [
    "digest-mismatch",
    "unreachable",
    "nothing-to-check",
    "unreadable",
  ] as const) {
    expect(exitStatusOf(new OciError(code, "no"))).toBe(FAILED);
  }
  expect(exitStatusOf(new Error("a bug"))).toBe(FAILED);
  expect(exitStatusOf("thrown text")).toBe(FAILED);
});

it("the exit status of a stopped command is 128 plus the number of the signal", () => {
  expect(exitStatusOf(new OciError("aborted", "stopped"))).toBe(STOPPED_BY.SIGINT);
  const details = { signal: "SIGTERM" };
  expect(exitStatusOf(new OciError("aborted", "stopped", { details }))).toBe(143);
});
