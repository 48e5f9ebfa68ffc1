// SPDX-License-Identifier: MIT
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { scheduleUnits, type Task } from "./schedule-units.ts";

/** A turn of the event loop. */
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** Runs tasks whose needs are given by name, and says how each ended. */
async function run(
  needs: Readonly<Record<string, readonly string[]>>,
  act: (id: string) => Promise<void>,
  options: { readonly limit?: number; readonly signal?: AbortSignal } = {},
): Promise<Record<string, string>> {
  const tasks = Object.entries(needs).map(([id, needed]): Task<void> => ({
    id,
    needs: needed,
    run: () => act(id),
  }));
  const ends = await scheduleUnits(tasks, { limit: 2, ...options });
  return Object.fromEntries([...ends].map(([id, { state }]) => [id, state]));
}

describe("the images of a chain", () => {
  it("begin when what they need is done, and never more at a time than allowed", async () => {
    const graphs = fc.array(fc.array(fc.nat(20), { maxLength: 3 }), {
      minLength: 1,
      maxLength: 12,
    });
    await fc.assert(
      fc.asyncProperty(graphs, fc.integer({ min: 1, max: 4 }), async (edges, limit) => {
        const needs = Object.fromEntries(
          edges.map((all, at) => [`u${at}`, all.filter((to) => to < at).map((to) => `u${to}`)]),
        );
        const done = new Set<string>();
        let running = 0;
        const ends = await run(
          needs,
          async (id) => {
            expect(needs[id]!.every((need) => done.has(need))).toBe(true);
            expect((running += 1)).toBeLessThanOrEqual(limit);
            await turn();
            running -= 1;
            done.add(id);
          },
          { limit },
        );
        expect(done.size).toBe(edges.length);
        expect(new Set(Object.values(ends))).toEqual(new Set(["done"]));
      }),
      { numRuns: 50 },
    );
  });

  it("that fail stop only what hangs on them", async () => {
    const needs = { base: [], gcc: ["base"], llvm: ["base"], android: ["gcc"], index: ["android"] };
    const ends = await run(needs, async (id) => {
      await turn();
      if (id === "gcc") throw new Error("no space");
    });
    expect(ends).toEqual({
      ...{ base: "done", gcc: "failed", llvm: "done" },
      ...{ android: "blocked", index: "blocked" },
    });
  });

  it("do not begin once the signal has fired, and what runs then counts as stopped", async () => {
    const stop = new AbortController();
    const begun: string[] = [];
    const act = async (id: string): Promise<void> => {
      begun.push(id);
      stop.abort();
      await turn();
      throw new Error("ended by the signal");
    };
    const ends = await run({ base: [], gcc: ["base"], other: [] }, act, {
      limit: 1,
      signal: stop.signal,
    });
    expect(ends).toEqual({ base: "stopped", gcc: "stopped", other: "stopped" });
    expect(begun).toEqual(["base"]);
  });
});
