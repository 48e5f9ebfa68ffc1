// SPDX-License-Identifier: MIT
import { expect, it } from "vitest";
import { createGate } from "./gate.ts";

it("a gate admits a fixed number at a time, in order, also after failures", async () => {
  const gate = createGate(2);
  let inside = 0;
  let most = 0;
  const order: number[] = [];
  const work = Array.from({ length: 9 }, (_, at) =>
    gate(async () => {
      order.push(at);
      inside += 1;
      most = Math.max(most, inside);
      await new Promise((resolve) => setTimeout(resolve, 1));
      inside -= 1;
      if (at % 3 === 0) throw new Error("failed");
      return at;
    }),
  );
  const results = await Promise.allSettled(work);
  expect(results.filter(({ status }) => status === "rejected")).toHaveLength(3);
  expect(most).toBe(2);
  expect(order).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8]);
});
