// SPDX-License-Identifier: MIT
import { describe, expect, it } from "vitest";
import { collect, failureOf, noise, watched } from "../../../test/fixtures/bytes/streams.ts";
import { once, type Bytes } from "../bytes.ts";
import { withStep, type ChunkStep } from "./chunk-steps.ts";

const content = noise(10);

/** A step that writes down what it is told. */
function noting(name: string, log: string[], more: ChunkStep = {}): ChunkStep {
  return {
    onAsked: () => void log.push(`${name} asked`),
    onChunk: (chunk) => {
      log.push(`${name} ${chunk.length}`);
      return more.onChunk === undefined ? chunk : more.onChunk(chunk);
    },
    onEnd: () => {
      log.push(`${name} end`);
      return more.onEnd?.();
    },
    onFailure: (error) => {
      log.push(`${name} failure`);
      return more.onFailure === undefined ? error : more.onFailure(error);
    },
    onClose: () => void log.push(`${name} close`),
  };
}

describe("steps on the way of bytes", () => {
  it("are taken one after the other, the first one first", async () => {
    const log: string[] = [];
    const bytes = withStep(withStep(once(content), noting("a", log)), noting("b", log));
    expect(log).toEqual([]);
    expect(await collect(bytes)).toEqual(content);
    const asked = ["a asked", "b asked"];
    const ended = ["a end", "b end", "a close", "b close"];
    expect(log).toEqual([...asked, "a 10", "b 10", ...asked, ...ended]);
  });

  it("may keep a chunk back and give it at the end, which the steps behind see in this order", async () => {
    let held: Uint8Array | undefined;
    const keep: ChunkStep = {
      onChunk: (chunk) => {
        const before = held;
        held = new Uint8Array(chunk);
        return before;
      },
      onEnd: () => held,
    };
    const log: string[] = [];
    const source = watched([Uint8Array.of(1), Uint8Array.of(2, 3)]);
    const bytes = withStep(withStep(source.bytes, keep), noting("b", log));
    expect(await collect(bytes)).toEqual(Uint8Array.of(1, 2, 3));
    expect(log.filter((line) => !line.endsWith("asked"))).toEqual([
      "b 1",
      "b 2",
      "b end",
      "b close",
    ]);
  });

  it("that throw end the bytes and close their source, and only the steps behind hear of it", async () => {
    const log: string[] = [];
    const failure = new Error("too much");
    const refuse = (): never => {
      throw failure;
    };
    const source = watched([content, content]);
    const first = withStep(source.bytes, noting("a", log));
    const second = withStep(first, noting("b", log, { onChunk: refuse }));
    const other = new Error("as c says it");
    const third = withStep(second, noting("c", log, { onFailure: () => other }));
    expect(await failureOf(third)).toBe(other);
    expect(source).toMatchObject({ chunks: 1, closed: true });
    expect(log.slice(3)).toEqual([
      "a 10",
      "b 10",
      "b failure",
      "c failure",
      "a close",
      "b close",
      "c close",
    ]);
  });

  it("hear of an error of the source, and close once", async () => {
    const log: string[] = [];
    const failure = new Error("disk on fire");
    const bytes = withStep(watched([], failure).bytes, noting("a", log));
    expect(await failureOf(bytes)).toBe(failure);
    expect(log).toEqual(["a asked", "a failure", "a close"]);
  });

  it("close when the reader stops early, after the source", async () => {
    const source = watched([content, content]);
    const closed: boolean[] = [];
    const bytes = withStep(source.bytes, { onClose: () => void closed.push(source.closed) });
    for await (const chunk of bytes) {
      expect(chunk).toHaveLength(10);
      break;
    }
    expect(closed).toEqual([true]);
  });

  it("close when the reader stops while a chunk is waited for", async () => {
    let give = (): void => undefined;
    const waited = new Promise<void>((resolve) => (give = resolve));
    async function* slow(): Bytes {
      await waited;
      yield content;
    }
    const log: string[] = [];
    const reader = withStep(slow(), noting("a", log))[Symbol.asyncIterator]();
    const next = reader.next();
    const stopped = reader.return?.();
    give();
    expect(await next).toMatchObject({ done: true });
    await stopped;
    expect(log).toEqual(["a asked", "a close"]);
    expect(await reader.next()).toMatchObject({ done: true });
  });
});
