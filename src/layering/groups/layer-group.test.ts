// SPDX-License-Identifier: MIT
import { describe, expect, it } from "vitest";
import { AnnotationKey } from "../../oci/annotations.ts";
import type { Descriptor } from "../../oci/documents/descriptor.ts";
import { chooseGroups, keepGroups } from "./choose-groups.ts";
import {
  componentGroup,
  formatGroup,
  groupOf,
  sharedGroup,
  type LayerGroup,
} from "./layer-group.ts";

function described(text: string): Descriptor {
  const digest = `sha256:${"0".repeat(64)}` as Descriptor["digest"];
  return { mediaType: "x", digest, size: 1, annotations: { [AnnotationKey.layerGroup]: text } };
}

describe("the group of a layer", () => {
  it("is read from its annotation as it was written", () => {
    const long = componentGroup("x".repeat(5_000));
    const groups: LayerGroup[] = [
      componentGroup("gcc-14"),
      long,
      sharedGroup("zlib", 20),
      { kind: "differences" },
    ];
    for (const group of groups) expect(groupOf(described(formatGroup(group)))).toEqual(group);
    expect(formatGroup(long).length).toBeLessThan(200);
    expect(long).not.toEqual(componentGroup("x".repeat(5_001)));
  });

  it.each([
    "",
    "component:",
    "shared:0/3",
    "shared:4/3",
    "shared:1/9999",
    "shared:a/b",
    `component:${"x".repeat(999)}`,
  ])("is unknown for an annotation that was not written so: %j", (text) =>
    expect(groupOf(described(text))).toBeUndefined(),
  );
});

describe("grouping", () => {
  const sizes = new Map(
    [...Array(100).keys()].map((at) => [`c${at}`, Math.round(90_000_000 / (at + 1))]),
  );

  it("gives the largest components a group each, and no more groups than allowed", () => {
    const grouping = chooseGroups(sizes, 10);
    const groups = new Set([...sizes.keys()].map((name) => formatGroup(grouping(name))));
    expect(groups.size).toBeLessThanOrEqual(10);
    expect(grouping("c0")).toEqual({ kind: "component", name: "c0" });
    expect(grouping("c99").kind).toBe("shared");
  });

  it("leaves a small component where its name puts it, whatever else there is", () => {
    const recorded = [componentGroup("c0"), sharedGroup("c50", 7)];
    const before = keepGroups(recorded, sizes, 10);
    const after = keepGroups(
      recorded,
      new Map([
        ["new", 1],
        ["c50", 12],
      ]),
      10,
    );
    for (const name of ["c0", "c50", "c98"]) expect(after(name)).toEqual(before(name));
  });

  it("gives a large new component a group of its own if there is room", () => {
    const recorded = [sharedGroup("c50", 7), componentGroup("c0")];
    const large = new Map([["large", 50_000_000]]);
    expect(keepGroups(recorded, large, 9)("large").kind).toBe("component");
    expect(keepGroups(recorded, large, 8)("large").kind).toBe("shared");
  });

  it("divides small components among no more layers than there may be, where the earlier image divided none", () => {
    const small = new Map([["small", 1]]);
    for (const groups of [1, 2, 3, 50]) {
      const group = keepGroups([componentGroup("c0")], small, groups)("small");
      expect(group).toMatchObject({ kind: "shared", of: Math.min(Math.max(1, groups - 1), 4) });
    }
  });
});
