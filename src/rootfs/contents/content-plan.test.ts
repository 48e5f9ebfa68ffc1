// SPDX-License-Identifier: MIT
import { describe, expect, it } from "vitest";
import { createContentPlanner, firstWant, type ContentPlan } from "./content-plan.ts";

/** `want` stands for whoever asks for the entry. */
type Wish = readonly [layer: number, entry: number, want: string, round?: number];

function plan(...wishes: readonly Wish[]): ContentPlan<string> {
  const planner = createContentPlanner<string>();
  for (const [layer, entry, want, round] of wishes) planner.add({ layer, entry }, want, 10, round);
  return planner.plan();
}

function passesOf({ passes }: ContentPlan<string>): unknown[] {
  return passes.map(({ layer, round, entries, wants }) => [layer, round, [...entries], wants]);
}

describe("a plan of the contents to read", () => {
  it("lists each layer once, lowest first, with its entries in layer order", () => {
    const wishes: Wish[] = [
      [2, 7, "c"],
      [0, 9, "b"],
      [2, 3, "d"],
      [0, 1, "a"],
    ];
    expect(passesOf(plan(...wishes))).toEqual([
      [0, 0, [1, 9], ["a", "b"]],
      [2, 0, [3, 7], ["d", "c"]],
    ]);
  });

  it("keeps everyone who wants an entry, in the order in which they asked", () => {
    expect(passesOf(plan([0, 5, "z"], [0, 4, "m"], [0, 5, "a"], [0, 5, "z"]))).toEqual([
      [0, 0, [4, 5, 5, 5], ["m", "z", "a", "z"]],
    ]);
  });

  it("reads a layer again for each further round, before the next layer", () => {
    expect(passesOf(plan([0, 1, "a"], [1, 1, "b"], [0, 1, "again", 1], [0, 2, "c"]))).toEqual([
      [0, 0, [1, 2], ["a", "c"]],
      [0, 1, [1], ["again"]],
      [1, 0, [1], ["b"]],
    ]);
  });

  it("counts the bytes of each pass and of the whole plan", () => {
    const { passes, bytes } = plan([0, 1, "a"], [0, 1, "b"], [3, 0, "c"]);
    expect(passes.map((pass) => pass.bytes)).toEqual([20, 10]);
    expect(bytes).toBe(30);
  });

  it("has no passes when nothing is wanted", () => {
    expect(plan()).toEqual({ passes: [], bytes: 0 });
  });

  it("names whoever asked for an entry first, and nobody for an entry that was not asked for", () => {
    const wanted = plan([1, 4, "first"], [1, 4, "second"], [1, 9, "last"], [1, 0, "zero"]);
    const who = (layer: number, entry: number) => firstWant(wanted, { layer, entry });
    expect([who(1, 4), who(1, 9), who(1, 0)]).toEqual(["first", "last", "zero"]);
    expect([who(1, 5), who(1, 10), who(0, 4)]).toEqual([undefined, undefined, undefined]);
  });
});
