// SPDX-License-Identifier: MIT
import { describe, expect, it } from "vitest";
import { AnnotationKey } from "../../oci/annotations.ts";
import type { Descriptor } from "../../oci/documents/descriptor.ts";
import type { Component } from "../components/component.ts";
import { chooseGroups, keepGroups, type ComponentSizes } from "./choose-groups.ts";
import {
  componentGroup,
  formatGroup,
  groupOf,
  sharedGroup,
  sourceGroup,
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
      sourceGroup("gcc-14"),
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
    "source:",
    "sources:x",
    "shared:0/3",
    "shared:4/3",
    "shared:1/9999",
    "shared:a/b",
    `component:${"x".repeat(999)}`,
  ])("is unknown for an annotation that was not written so: %j", (text) =>
    expect(groupOf(described(text))).toBeUndefined(),
  );
});

function componentNamed(name: string, source = name): Component {
  return { name, label: name, source };
}

/** Components of packages that are their own source, but where the other is named. */
function componentsOf(sizes: Readonly<Record<string, number>>, source?: string): ComponentSizes {
  return new Map(
    Object.entries(sizes).map(([name, bytes]) => [componentNamed(name, source), bytes]),
  );
}

describe("grouping", () => {
  const sizes = componentsOf(
    Object.fromEntries([...Array(100).keys()].map((at) => [`c${at}`, 90_000_000 / (at + 1)])),
  );
  const component = (name: string): Component =>
    [...sizes.keys()].find((each) => each.name === name) ?? componentNamed(name);

  it("gives the largest components a group each, and no more groups than allowed", () => {
    const grouping = chooseGroups(sizes, 10);
    const groups = new Set([...sizes.keys()].map((each) => formatGroup(grouping(each))));
    expect(groups.size).toBeLessThanOrEqual(10);
    expect(grouping(component("c0"))).toEqual({ kind: "component", name: "c0" });
    expect(grouping(component("c99")).kind).toBe("shared");
  });

  it("puts what is small of one source into one group, alone if it is much together, and what is large apart", () => {
    const php = { "php-cli": 900_000, "php-fpm": 900_000, "php-xml": 900_000 };
    const perl = { perl: 2_000, "perl-base": 2_000 };
    const all = new Map([
      ...componentsOf({ ...php, "php-doc": 9_000_000 }, "php"),
      ...componentsOf(perl, "perl-source"),
      ...componentsOf({ llvm: 99_000_000, z: 500_000 }),
    ]);
    const grouping = chooseGroups(all, 6);
    const groups = Object.fromEntries(
      [...all.keys()].map((each) => [each.name, formatGroup(grouping(each))]),
    );
    expect(groups).toMatchObject({
      llvm: "component:llvm",
      "php-doc": "component:php-doc",
      ...Object.fromEntries(Object.keys(php).map((name) => [name, "source:php"])),
    });
    expect(groups["perl"]).toMatch(/^shared:/);
    expect(groups["perl-base"]).toBe(groups["perl"]);
    const recorded = [...new Set([...all.keys()].map(grouping))];
    const later = keepGroups(recorded, componentsOf({ "php-new": 5 }, "php"), 6);
    expect(later(componentNamed("php-new", "php"))).toEqual({ kind: "source", name: "php" });
    for (const each of all.keys()) expect(later(each)).toEqual(grouping(each));
  });

  it("leaves what is small of a package beside the rest of it, if that has a group of its own", () => {
    const rest = componentNamed("ruby");
    const compiled = { ...componentNamed("ruby (compiled)"), beside: rest };
    const all = new Map([...componentsOf({ llvm: 99_000_000, z: 500_000 }), [compiled, 9_000]]);
    const grouping = chooseGroups(all.set({ ...rest, beside: compiled }, 50_000_000), 6);
    expect(grouping(compiled)).toEqual(componentGroup("ruby"));
    expect(grouping({ ...rest, beside: compiled })).toEqual(componentGroup("ruby"));
  });

  it("leaves a small component where its name puts it, whatever else there is", () => {
    const recorded = [componentGroup("c0"), sharedGroup("c50", 7)];
    const before = keepGroups(recorded, sizes, 10);
    const after = keepGroups(recorded, componentsOf({ new: 1, c50: 12 }), 10);
    for (const name of ["c0", "c50", "c98"]) {
      expect(after(component(name))).toEqual(before(component(name)));
    }
  });

  it("gives a large new component a group of its own if there is room", () => {
    const recorded = [sharedGroup("c50", 7), componentGroup("c0")];
    const large = componentsOf({ large: 50_000_000 });
    expect(keepGroups(recorded, large, 9)(component("large")).kind).toBe("component");
    expect(keepGroups(recorded, large, 8)(component("large")).kind).toBe("shared");
  });

  it("divides small components among no more layers than there may be, where the earlier image divided none", () => {
    const small = componentsOf({ small: 1 });
    for (const groups of [1, 2, 3, 50]) {
      const group = keepGroups([componentGroup("c0")], small, groups)(component("small"));
      expect(group).toMatchObject({ kind: "shared", of: Math.min(Math.max(1, groups - 1), 4) });
    }
  });
});
