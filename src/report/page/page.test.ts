// SPDX-License-Identifier: MIT
import { describe, expect, it } from "vitest";
import { boxForKey } from "./arrow-keys.ts";
import { closureOf, withoutImplied, type Edge } from "./closure-of.ts";
import { layOutGraph } from "./layered-graph.ts";

describe("arrow keys", () => {
  // A tall box on the left, two on the right.
  const boxes = [
    { x: 0, y: 0, width: 50, height: 100 },
    { x: 52, y: 0, width: 50, height: 60 },
    { x: 52, y: 62, width: 50, height: 38 },
  ];

  it.each([
    ["ArrowRight", 0, 1],
    ["ArrowDown", 1, 2],
    ["ArrowLeft", 2, 0],
    ["ArrowUp", 2, 1],
    ["ArrowLeft", 0, undefined],
    ["Home", 2, 0],
    ["End", 0, 2],
    ["a", 0, undefined],
  ])("%s leads from box %d to the nearest in its direction", (key, from, to) => {
    expect(boxForKey(key, boxes, from)).toBe(to);
  });
});

describe("the closure of a program", () => {
  it("is all that can be reached from it, also in circles", () => {
    const programs = { objects: [], lacks: [], programs: [], needs: [[1], [2], [1], [0]] };
    expect(closureOf(programs, 0)).toEqual({
      objects: [0, 1, 2],
      edges: [
        [0, 1],
        [1, 2],
        [2, 1],
      ],
    });
  });

  it("is drawn without edges that others imply, and nothing gets out of reach", () => {
    const edges: Edge[] = [
      [0, 1],
      [0, 2],
      [1, 2],
      [2, 1],
      [1, 3],
      [0, 3],
    ];
    const fewer = withoutImplied(edges);
    expect(fewer.length).toBeLessThan(edges.length);
    const reached = new Set([0]);
    for (const at of reached) for (const [from, to] of fewer) if (from === at) reached.add(to);
    expect([...reached].sort()).toEqual([0, 1, 2, 3]);
  });

  it("is laid out from left to right, no two objects over each other", () => {
    const nodes = ["a", "b", "c"].map((id) => ({ id, width: 60, height: 30 }));
    const edges = [
      { from: "a", to: "b" },
      { from: "a", to: "c" },
    ];
    const { boxes, lines } = layOutGraph(nodes, edges);
    expect(boxes[1]!.x).toBeGreaterThan(boxes[0]!.x + 60);
    expect(Math.abs(boxes[1]!.y - boxes[2]!.y)).toBeGreaterThanOrEqual(30);
    expect(lines.every((points) => points.length >= 2)).toBe(true);
  });
});
