// SPDX-License-Identifier: MIT
import { expect, it } from "vitest";
import { OciError } from "../oci/errors.ts";
import { DOES_NOT_HOLD, exitStatusOf, FAILED, STOPPED_BY } from "./exit-status.ts";

it("a refused gate and a wrong architecture are answers: 2", () => {
  expect(exitStatusOf(new OciError("gate-refused", "no"))).toBe(DOES_NOT_HOLD);
  expect(exitStatusOf(new OciError("wrong-architecture", "no"))).toBe(DOES_NOT_HOLD);
});

it("what failed, could not be told, or is not an error of ours is 1", () => {
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

it("what was stopped has the status that shells give to its signal", () => {
  expect(exitStatusOf(new OciError("aborted", "stopped"))).toBe(STOPPED_BY.SIGINT);
  const details = { signal: "SIGTERM" };
  expect(exitStatusOf(new OciError("aborted", "stopped", { details }))).toBe(143);
});
