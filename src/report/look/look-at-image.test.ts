// SPDX-License-Identifier: MIT
import { describe, expect, it } from "vitest";
import {
  b,
  directory,
  file,
  hardlink,
  makeTar,
  mergeImage,
  symlink,
} from "../../../test/fixtures/layers.ts";
import { fromText } from "../../bytes/byte-string.ts";
import type { ClosureReport } from "../../verify/closure/closure-report.ts";
import { compareSizes } from "../compare/size-changes.ts";
import { followLinks } from "./link-chains.ts";
import { graphPrograms } from "./program-graph.ts";
import { measureTree, walkSized, type SizedEntry } from "./sized-tree.ts";

async function measure(...layers: readonly Uint8Array[]): Promise<SizedEntry> {
  return measureTree(await mergeImage(layers));
}

describe("what files and directories take", () => {
  it("is summed up in every directory; a file with two names counts once", async () => {
    const tree = await measure(
      makeTar([directory("a"), file("a/x", "12345"), hardlink("a/y", "a/x"), file("b", "1")]),
    );
    const found = [...walkSized(tree)].map(([path, { bytes, entries }]) => [path, bytes, entries]);
    expect(found).toEqual(
      expect.arrayContaining([
        ["/", 6, 5],
        ["/a", 5, 3],
        ["/b", 1, 1],
      ]),
    );
    expect(found).toHaveLength(5);
  });

  it("is told with the layer that most of it comes from", async () => {
    const tree = await measure(
      makeTar([directory("a"), file("a/x", "12345")]),
      makeTar([file("a/y", "1234567")]),
    );
    expect(tree.children.get(b("a"))?.layer).toBe(1);
    expect(tree.children.get(b("a"))?.children.get(b("x"))?.layer).toBe(0);
  });

  it("is compared: what is new or gone counts once, with all below", async () => {
    const one = await measure(
      makeTar([file("same", "1"), file("grows", "1"), directory("old"), file("old/f", "12")]),
    );
    const other = await measure(
      makeTar([
        file("same", "2"),
        file("grows", "1234"),
        directory("new"),
        file("new/f", "123456"),
      ]),
    );
    const { largest, counts, added, removed } = compareSizes(one, other);
    expect(largest.map(({ path, kind, before, after }) => [path, kind, before, after])).toEqual([
      ["/new", "new", 0, 6],
      ["/grows", "grew", 1, 4],
      ["/old", "gone", 2, 0],
    ]);
    expect(counts).toEqual({ new: 1, gone: 1, grew: 1, shrank: 0 });
    expect([added, removed]).toEqual([9, 2]);
  });
});

describe("links", () => {
  it("that end nowhere come first, then those of several hops; a loop is told once around", async () => {
    const { shown, links, broken, long } = followLinks(
      await mergeImage([
        makeTar([
          file("end"),
          ...[symlink("one", "end"), symlink("two", "one"), symlink("gone", "/no/such")],
          ...[symlink("l1", "l2"), symlink("l2", "l1"), symlink("made", "/proc/mounts")],
        ]),
      ]),
    );
    expect({ links, broken, long }).toEqual({ links: 6, broken: 3, long: 1 });
    expect(shown.map(({ path, hops, end, ends }) => [path, hops.length, end, ends])).toEqual([
      ["/gone", 1, "/no/such", "absent"],
      ["/l1", 2, "/l1", "link-loop"],
      ["/l2", 2, "/l2", "link-loop"],
      ["/two", 2, "/end", "file"],
    ]);
  });
});

describe("a link that is passed twice on the way to an end", () => {
  it("is no loop", async () => {
    const pieces = [directory("usr"), file("usr/end"), symlink("lib", "usr")];
    const { shown } = followLinks(
      await mergeImage([
        makeTar([...pieces, symlink("usr/b", "/lib/end"), symlink("a", "/lib/b")]),
      ]),
    );
    expect(shown[0]).toMatchObject({ path: "/a", isCut: false, end: "/usr/end", ends: "file" });
    expect(shown[0]!.hops.map(({ path }) => path)).toEqual(["/a", "/lib", "/usr/b", "/lib"]);
  });
});

describe("the graph of programs", () => {
  it("has every object once, with what it needs and what it lacks; programs that can't start come first", () => {
    const [one, two, lib, libc] = ["/bin/one", "/bin/two", "/lib/l.so", "/lib/libc.so"].map(
      fromText,
    );
    const program = { architecture: "arm64", loader: undefined };
    const closure: ClosureReport = {
      name: "image",
      programs: [
        { ...program, path: one!, libraries: [libc!] },
        { ...program, path: two!, libraries: [lib!, libc!] },
      ],
      needs: new Map([
        [one!, new Set([libc!])],
        [two!, new Set([lib!, libc!])],
        [lib!, new Set([libc!])],
      ]),
      findings: [
        {
          ...{ code: "library-missing", severity: "error", path: lib!, needs: fromText("gone.so") },
          ...{ programs: [two!], foreign: [], message: "" },
        },
      ],
      ok: false,
    };
    const graph = graphPrograms(closure, new Set([one!]));
    expect(graph.objects).toEqual([two, one, lib, libc]);
    expect(graph.needs).toEqual([[2, 3], [3], [3], []]);
    expect([...graph.lacks]).toEqual([[2, ["gone.so"]]]);
    expect(graph.programs.map(({ isBroken, isStarted }) => [isBroken, isStarted])).toEqual([
      [true, false],
      [false, true],
    ]);
  });
});
