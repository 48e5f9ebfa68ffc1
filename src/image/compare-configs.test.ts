// SPDX-License-Identifier: MIT
import { describe, expect, it } from "vitest";
import type { ImageConfig } from "../oci/documents/image-config.ts";
import { compareConfigs } from "./compare-configs.ts";

const BASE: ImageConfig = {
  architecture: "amd64",
  os: "linux",
  rootfs: { type: "layers", diff_ids: [] },
};

function compare(one: Partial<ImageConfig>, other: Partial<ImageConfig>): unknown[] {
  return compareConfigs({ ...BASE, ...one }, { ...BASE, ...other }).map((difference) => [
    difference.field,
    difference.one,
    difference.other,
  ]);
}

describe("two configurations", () => {
  it("differ by variable, label and volume, each a field of its own", () => {
    const one = { Env: ["PATH=/bin", "A=1=2"], Labels: { v: "1" }, Volumes: { "/data": {} } };
    const other = { Env: ["A=1=2", "PATH=/usr/bin"], Labels: { v: "2" } };
    expect(compare({ config: one }, { config: other })).toEqual([
      ["config.Env.PATH", '"/bin"', '"/usr/bin"'],
      ["config.Labels.v", '"1"', '"2"'],
      ["config.Volumes./data", "{}", undefined],
    ]);
  });

  it("differ by lists as a whole, and by fields that no specification names", () => {
    expect(compare({ config: { Cmd: ["a", "b"] } }, { config: { Cmd: ["b", "a"] } })).toEqual([
      ["config.Cmd", '["a","b"]', '["b","a"]'],
    ]);
    expect(compare({ ["x.own" as "author"]: "1" }, {})).toEqual([["x.own", '"1"', undefined]]);
  });

  it("are the same whether something empty is written or left out, and however their layers were made", () => {
    const history = [{ created_by: "x" }];
    const empty = { User: "", Env: [], Labels: {} };
    expect(compare({ config: empty, history }, {})).toEqual([]);
  });
});
