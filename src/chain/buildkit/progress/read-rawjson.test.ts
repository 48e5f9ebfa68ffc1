// SPDX-License-Identifier: MIT
import { describe, expect, it } from "vitest";
import type { BuildEvent } from "./build-event.ts";
import { followSteps, type StepFollower } from "./follow-steps.ts";
import { readRawJson } from "./read-rawjson.ts";

interface Read {
  readonly events: BuildEvent[];
  readonly texts: string[];
  broken: number;
  readonly steps: StepFollower;
}

function read(bytes: Uint8Array, pieces = 7, hide?: (text: string) => string): Read {
  const events: BuildEvent[] = [];
  const result: Read = {
    events,
    texts: [],
    broken: 0,
    steps: followSteps((event) => events.push(event), hide),
  };
  const reader = readRawJson({
    onStatus: (status) => result.steps.take(status),
    onText: (line) => result.texts.push(line),
    onBroken: () => (result.broken += 1),
  });
  for (let at = 0; at < bytes.length; at += pieces) reader.push(bytes.subarray(at, at + pieces));
  reader.end();
  result.steps.end();
  return result;
}

const lines = (...values: readonly unknown[]): Uint8Array =>
  Buffer.from(
    values
      .map((value) => `${typeof value === "string" ? value : JSON.stringify(value)}\n`)
      .join(""),
  );
const base64 = (text: string): string => Buffer.from(text).toString("base64");
const vertex = (digest: string, more: object = {}): object => ({
  vertexes: [{ digest, name: `[1/2] RUN ${digest}`, ...more }],
});
const started = "2026-11-27T00:00:00.5Z";
const completed = "2026-11-27T00:00:02Z";

describe("BuildKit's progress", () => {
  it("becomes steps that start and end once, with what they printed", () => {
    const { events, steps } = read(
      lines(
        vertex("a"),
        vertex("a", { started }),
        { logs: [{ vertex: "a", stream: 1, data: base64("one\nt") }] },
        { logs: [{ vertex: "a", stream: 2, data: base64("other\n") }] },
        { logs: [{ vertex: "a", stream: 1, data: base64("wo ä") }] },
        vertex("a", { started, completed }),
        vertex("a", { started: completed }),
        vertex("a", { started: completed, completed }),
        vertex("b", { started, completed, cached: true }),
      ),
    );
    const step = { number: 1, name: "[1/2] RUN a" };
    expect(events).toEqual([
      { kind: "step-started", step, count: { finished: 0, known: 1 } },
      { kind: "output", step, stream: "stdout", line: "one" },
      { kind: "output", step, stream: "stderr", line: "other" },
      { kind: "output", step, stream: "stdout", line: "two ä" },
      ...[{ kind: "step-finished", step, count: { finished: 1, known: 1 }, outcome: "done" }].map(
        (event) => ({ ...event, milliseconds: 1500 }),
      ),
      {
        kind: "step-started",
        step: { number: 2, name: "[1/2] RUN b" },
        count: { finished: 2, known: 2 },
      },
      {
        kind: "step-finished",
        step: { number: 2, name: "[1/2] RUN b" },
        count: { finished: 2, known: 2 },
        outcome: "cached",
        milliseconds: 1500,
      },
    ]);
    expect([steps.cached(), steps.failed()]).toEqual([1, undefined]);
  });

  it("shows transfers at most ten times a second, and always the last", () => {
    const at = (current: number, more: object = {}): object => ({
      statuses: [{ id: "layer", vertex: "a", current, total: 900, ...more }],
    });
    const { events } = read(lines(vertex("a"), at(1), at(2), at(3), at(900, { completed })));
    expect(events.map((event) => (event.kind === "transfer" ? event.current : 0))).toEqual([
      1, 900,
    ]);
  });

  it("tells what of a context is sent, and not what is read before it: the Dockerfile, and what is ignored", () => {
    const sent = (digest: string, name: string, id: string, current: number): object => ({
      vertexes: [{ digest, name, started }],
      statuses: [{ id, vertex: digest, current, completed }],
    });
    const { events } = read(
      lines(
        sent(
          "a",
          "[internal] load build definition from Dockerfile",
          "transferring dockerfile:",
          1,
        ),
        sent("b", "[internal] load .dockerignore", "transferring context:", 2),
        sent("c", "[internal] load build context", "transferring context:", 3),
        sent("d", "[context tools] load from client", "transferring tools:", 4),
      ),
    );
    const isTold = ({ kind }: BuildEvent): boolean => kind === "context-sent";
    expect(events.filter(isTold)).toEqual([
      { kind: "context-sent", context: "context", bytes: 3, isFinished: true },
      { kind: "context-sent", context: "tools", bytes: 4, isFinished: true },
    ]);
    expect(events.flatMap((event) => (event.kind === "transfer" ? [event.current] : []))).toEqual([
      1, 2,
    ]);
  });

  it("says which step failed first, with its last twenty lines, and not those that were canceled", () => {
    const many = Array.from({ length: 30 }, (_, at) => `line ${at}\n`).join("");
    const { steps } = read(
      lines(
        vertex("x", { started, completed, error: "context canceled: context canceled" }),
        { logs: [{ vertex: "a", stream: 1, data: base64(many) }] },
        vertex("a", { started, completed, error: "exit code: 2" }),
        vertex("b", { started, completed, error: "later" }),
      ),
    );
    expect(steps.failed()).toMatchObject({ name: "", error: "exit code: 2" });
    expect(steps.failed()?.lines).toHaveLength(20);
    expect(steps.failed()?.lines.at(-1)).toBe("line 29");
  });

  it("hides secrets in what steps print and are called", () => {
    const hide = (text: string): string => text.replaceAll("s3cret", "***");
    const { events } = read(
      lines(vertex("s3cret", { started }), {
        logs: [{ vertex: "s3cret", stream: 1, data: base64("the s3cret\n") }],
      }),
      3,
      hide,
    );
    expect(JSON.stringify(events)).not.toContain("s3cret");
  });
});

describe("a hostile or broken stream", () => {
  it("gives text as text, counts what is broken, and reads on", () => {
    const result = read(
      lines(
        "ERROR: failed",
        '{"vertexes":[',
        "{ no json",
        '{"a":1}',
        { vertexes: [null, 5, { digest: 7 }, { digest: "a", name: "ok", started }] },
        { vertexes: "x", logs: [{ vertex: "a", data: "%%%" }], statuses: [{ id: {} }] },
        "[]",
      ),
    );
    expect(result.texts).toEqual(["ERROR: failed", "{ no json", "[]"]);
    expect(result.broken).toBe(2);
    expect(result.events.filter(({ kind }) => kind === "step-started")).toHaveLength(1);
  });

  it("without newlines takes no more than one line of memory, and what follows is read", () => {
    const long = Buffer.alloc(9 * 1024 * 1024, '{"');
    const after = lines("", vertex("a", { started }));
    const result = read(Buffer.concat([long, after]), 1024 * 1024);
    expect(result.broken).toBe(1);
    expect(result.events).toHaveLength(1);
  });

  it("of random damage never throws", () => {
    const whole = lines(
      vertex("a", { started }),
      { logs: [{ vertex: "a", stream: 1, data: base64("x\n".repeat(20)) }] },
      { statuses: [{ id: "l", vertex: "a", current: 5, timestamp: started }] },
      { warnings: [{ vertex: "a", short: base64("careful") }] },
      vertex("a", { started, completed, error: "x" }),
    );
    let seed = 1;
    const random = (below: number): number => {
      seed = (seed * 1103515245 + 12345) % 2147483648;
      return seed % below;
    };
    for (let round = 0; round < 500; round += 1) {
      const damaged = Buffer.from(whole);
      for (let change = random(6); change >= 0; change -= 1) {
        damaged[random(damaged.length)] = random(256);
      }
      const { events, texts, broken } = read(damaged, 1 + random(64));
      expect(events.length + texts.length + broken).toBeGreaterThan(0);
    }
  });
});
