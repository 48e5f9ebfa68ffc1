// SPDX-License-Identifier: MIT
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { AnnotationKey } from "../../oci/annotations.ts";
import type { Descriptor } from "../../oci/documents/descriptor.ts";
import { digestOf } from "../../oci/digest.ts";
import { MediaType } from "../../oci/media-types.ts";
import {
  checkRootName,
  dockerName,
  findRoot,
  rootNames,
  withoutTag,
  withRoot,
  withTag,
} from "./root-entries.ts";

function root(number: number, annotations?: Record<string, string>): Descriptor {
  const digest = digestOf("sha256", number.toString(16).padStart(64, "0"));
  const plain = { mediaType: MediaType.manifest, digest, size: number };
  return annotations === undefined ? plain : { ...plain, annotations };
}

function find(entries: readonly Descriptor[], reference: string): number | undefined {
  return findRoot(entries, reference, "test")?.size;
}

describe("finding a root", () => {
  const alpine = root(1, {
    [AnnotationKey.refName]: "3.20",
    [AnnotationKey.containerdName]: "docker.io/library/alpine:3.20",
  });
  const full = root(2, { [AnnotationKey.refName]: "example.org:5000/a/b:v1" });
  const both = [alpine, full];

  it("accepts the name as it is written", () => {
    expect(find(both, "3.20")).toBe(1);
    expect(find(both, "example.org:5000/a/b:v1")).toBe(2);
  });
  it("accepts containerd's full name, and docker's short forms of it", () => {
    for (const name of ["docker.io/library/alpine:3.20", "alpine:3.20", "library/alpine:3.20"]) {
      expect(find(both, name)).toBe(1);
    }
    expect(find(both, "alpine")).toBeUndefined();
  });
  it("accepts the tag of a full name", () => {
    expect(find(both, "v1")).toBe(2);
    expect(find([root(3, { [AnnotationKey.refName]: "host:5000/a" })], "5000/a")).toBeUndefined();
  });
  it("prefers a written name to a derived one", () => {
    expect(find([full, root(3, { [AnnotationKey.refName]: "v1" })], "v1")).toBe(3);
  });
  it("accepts a digest", () => {
    expect(find(both, full.digest)).toBe(2);
    expect(find(both, root(9).digest)).toBeUndefined();
  });
  it("refuses to choose between two roots of the same name", () => {
    const two = [
      root(1, { [AnnotationKey.refName]: "latest" }),
      root(2, { [AnnotationKey.refName]: "latest" }),
    ];
    expect(() => find(two, "latest")).toThrow(
      /expected one image named "latest", got sha256:000000000000, sha256:000000000000/,
    );
    const same = [two[0]!, two[0]!];
    expect(find(same, "latest")).toBe(1);
  });
});

describe("the names of roots", () => {
  it("are full names where two roots share a short one", () => {
    const entries = [
      root(1, {
        [AnnotationKey.refName]: "latest",
        [AnnotationKey.containerdName]: "docker.io/library/a:latest",
      }),
      root(2, {
        [AnnotationKey.refName]: "latest",
        [AnnotationKey.containerdName]: "docker.io/library/b:latest",
      }),
      root(3, {
        [AnnotationKey.refName]: "v1",
        [AnnotationKey.containerdName]: "docker.io/library/b:v1",
      }),
      root(4, { [AnnotationKey.containerdName]: "docker.io/library/c:v1" }),
      root(5),
    ];
    expect(rootNames(entries)).toEqual([
      "docker.io/library/a:latest",
      "docker.io/library/b:latest",
      "docker.io/library/c:v1",
      "v1",
    ]);
  });
  it("are completed as docker completes short names", () => {
    expect(dockerName("alpine")).toBe("docker.io/library/alpine:latest");
    expect(dockerName("a/b:1")).toBe("docker.io/a/b:1");
    expect(dockerName("localhost/a")).toBe("localhost/a:latest");
    expect(dockerName("host:5000/a")).toBe("host:5000/a:latest");
  });
  it("are refused when they are digests, empty, too long or contain control characters", () => {
    for (const name of ["", root(1).digest, "a b", "a\nb", "-x", "x".repeat(256), "../\u001b"]) {
      expect(() => checkRootName(name)).toThrow(
        expect.objectContaining({ code: "invalid-argument" }),
      );
    }
    expect(checkRootName("_under.score-1")).toBe("_under.score-1");
  });
});

describe("editing roots", () => {
  it("keeps unknown fields of an entry when it is tagged", () => {
    const known = { ...root(1, { "x.y": "z", [AnnotationKey.refName]: "a" }), "x-field": [1] };
    const [tagged, ...others] = withTag([known], root(1, { more: "m" }), "a");
    expect(others).toEqual([]);
    expect(tagged).toEqual({
      ...known,
      annotations: { "x.y": "z", more: "m", [AnnotationKey.refName]: "a" },
    });
  });
  it("names an entry that had no name, and adds an entry for a second name", () => {
    const one = withTag([root(1)], root(1), "a");
    expect(one).toHaveLength(1);
    expect(rootNames(withTag(one, root(1), "b"))).toEqual(["a", "b"]);
  });
  it("drops a full name that contradicts the new tag", () => {
    const source = root(1, {
      [AnnotationKey.refName]: "v1",
      [AnnotationKey.containerdName]: "docker.io/library/a:v1",
    });
    const [moved] = withTag([], source, "v2");
    expect(moved?.annotations).toEqual({
      [AnnotationKey.refName]: "v2",
      [AnnotationKey.containerdName]: "docker.io/library/a:v2",
    });
    const [renamed] = withTag([], source, "b:v3");
    expect(renamed?.annotations?.[AnnotationKey.containerdName]).toBe("docker.io/library/b:v3");
  });
  it("adds a root without the names that it had elsewhere, and only once", () => {
    const once = withRoot([], root(1, { [AnnotationKey.refName]: "a", note: "n" }));
    expect(once).toEqual([root(1, { note: "n" })]);
    expect(withRoot(once, root(1))).toEqual(once);
  });
  it("removes a tag, but never by its digest", () => {
    const entries = withTag([], root(1), "a");
    expect(withoutTag(entries, "a", "test")).toEqual([]);
    for (const name of ["b", root(1).digest]) {
      expect(() => withoutTag(entries, name, "test")).toThrow(
        expect.objectContaining({ code: "not-found" }),
      );
    }
  });
  it("finds the root that was last tagged with each name, in any order of edits", () => {
    const edits = fc.array(
      fc.tuple(fc.constantFrom("a", "b", "c"), fc.integer({ min: 1, max: 3 })),
    );
    fc.assert(
      fc.property(edits, (list) => {
        let entries: Descriptor[] = [root(1, { kept: "k" })];
        for (const [tag, number] of list) entries = withTag(entries, root(number), tag);
        const last = new Map(list);
        for (const [tag, number] of last) expect(find(entries, tag)).toBe(number);
        expect(rootNames(entries)).toEqual([...last.keys()].sort());
      }),
    );
  });
});
