// SPDX-License-Identifier: MIT
import { describe, expect, it } from "vitest";
import { judgeFailure } from "./judge-failure.ts";

function judge(name: string, error: string, lines: readonly string[] = []) {
  const step = { number: 3, name, error, lines };
  return judgeFailure({ stage: "sdk", end: { status: 1 }, step, texts: ["ERROR"], log: "/l" });
}

describe("whether a build may be tried again", () => {
  it.each([
    ["[internal] load metadata for r.example/a:1", "source"],
    ["[base 1/3] FROM r.example/a:1", "source"],
    ["[linux/arm64 base 1/3] FROM r.example/a:1", "source"],
    ["[context tools] load metadata", "source"],
    ["exporting to oci image format", "export"],
    ["exporting cache to registry", "export"],
    ["[linux/arm64 base 2/3] RUN make", "step"],
    ["[stage-1 2/3] COPY a b", "step"],
    ["[2/3] RUN echo FROM", "step"],
  ])("%s is a %s", (name, part) => {
    expect(judge(name, "x").part).toBe(part);
  });

  it.each([
    "unexpected status from HEAD request to https://r.example/v2/a/manifests/1: 503 Service Unavailable",
    "failed to do request: dial tcp: lookup r.example: no such host",
    "read tcp 1.2.3.4:5->6.7.8.9:443: read: connection reset by peer",
    "rpc error: code = Unavailable desc = error reading from server: EOF",
  ])("a source may come later: %s", (error) => {
    expect(judge("[internal] load metadata for a", error).transient).toBe(true);
    // The same words from a program that a step runs are no news of a registry.
    expect(judge("[2/3] RUN curl", error).transient).toBe(false);
  });

  it.each([
    "429",
    "#15 429.0 something",
    "not found",
    "unexpected status from HEAD request to x: 404",
  ])("a source that is not there stays so: %s", (error) => {
    expect(judge("[internal] load metadata for a", error).transient).toBe(false);
  });

  it("without a step the program's own words count", () => {
    const failed = { stage: "sdk", step: undefined, log: undefined } as const;
    const gone = judgeFailure({
      ...failed,
      end: { status: 1 },
      texts: ["ERROR: rpc error: code = Unavailable"],
    });
    expect([gone.part, gone.transient]).toEqual(["builder", true]);
    const killed = judgeFailure({ ...failed, end: { signal: "SIGKILL" }, texts: [] });
    expect(killed.message).toBe("sdk: the builder: was ended by SIGKILL");
    expect(killed.transient).toBe(false);
  });
});

it("what a step printed can't control the terminal, and only its last ten lines are shown", () => {
  const lines = Array.from({ length: 15 }, (_, at) => `\u001b[${at}m`);
  const { message } = judge("[2/2] RUN \u009bx", "bad\u001b]0;x\nmore", lines);
  expect(message).not.toMatch(/[\u001b\u009b]/);
  expect(message.split("\n")).toHaveLength(11);
  expect(message).toContain("[2/2] RUN \\x9bx: bad\\x1b]0;x\n");
});
