// SPDX-License-Identifier: MIT
import { describe, expect, it } from "vitest";
import { canCap, capsOf } from "./caps.ts";

describe("caps of memory and processors", () => {
  it.each<[boolean, string[]]>([
    [true, ["v0.31.0"]],
    [true, ["0.32.1+ds1", "v1.0.0"]],
    [false, ["v0.30.9"]],
    [false, ["v0.32.0", "v0.25.1"]],
    [false, ["unknown"]],
    [false, []],
  ])("are kept (%s) by a builder whose BuildKits are %j", (expected, versions) => {
    expect(canCap(versions)).toBe(expected);
  });

  it("are bytes, and a share of the kernel's period", () => {
    expect(capsOf({ caps: true }, { memory: 2 ** 31, cpus: 1.5 })).toEqual([
      ["memory", "2147483648"],
      ["cpu-period", "100000"],
      ["cpu-quota", "150000"],
    ]);
    expect(capsOf({ caps: true }, { cpus: 0.001 })).toContainEqual(["cpu-quota", "1000"]);
    expect(capsOf({ caps: true }, {})).toEqual([]);
    expect(capsOf({ caps: false }, { memory: 1, cpus: 1 })).toEqual([]);
  });
});
