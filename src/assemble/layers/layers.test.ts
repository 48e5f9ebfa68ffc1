// SPDX-License-Identifier: MIT
import { chmodSync, linkSync, mkdirSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
  type Workspace,
  assembleIn,
  createWorkspace,
  pathsOf,
  recipe,
} from "../../../test/fixtures/assemble.ts";
import type { ByteString } from "../../bytes/byte-string.ts";
import type { LayerFiles } from "../../testing/build-image.ts";
import type { CopyStep, LayerRecipe, Step } from "../recipe/recipe.ts";

let workspace: Workspace;
beforeEach(() => {
  workspace = createWorkspace();
});
afterEach(() => workspace.remove());

const copy = (path: string, more: Partial<CopyStep> = {}): CopyStep => ({
  kind: "copy",
  from: "demo",
  path,
  ...more,
});

async function artifact(
  layers: readonly LayerFiles[],
  name = "artifact",
): Promise<{ reference: string }> {
  return { reference: await workspace.image(name, { layers }) };
}

const bytes = (text: string): ByteString => text as ByteString;

describe("a layer", () => {
  it("lists entries without content by path, then the recipe's own files, then copied files as they lie in the artifact", async () => {
    const demo = await artifact([
      { "a/": "", "a/z": "late", "a/link": { symlink: "z" }, "a/empty": "" },
      { "a/b": "second layer", "a/a": "second layer too" },
    ]);
    const steps: Step[] = [
      { kind: "file", path: "/etc/one.conf", content: "1" },
      copy("/a"),
      { kind: "file", path: "/etc/a.conf", content: "2" },
      { kind: "remove", path: "/gone" },
    ];
    const { entries } = await assembleIn(workspace, recipe({ artifacts: { demo }, steps }));
    expect(pathsOf(await entries(0))).toEqual([
      ".wh.gone",
      "a/",
      "a/empty",
      "a/link",
      "etc/",
      "etc/a.conf",
      "etc/one.conf",
      "a/z",
      "a/b",
      "a/a",
    ]);
  });

  it("keeps owners, setuid bits, xattrs, devices, nanoseconds and times before 1970", async () => {
    const odd = {
      mode: 0o4755,
      uid: 2_097_152,
      gid: 7,
      userName: bytes("üser"),
      groupName: bytes("group"),
      mtime: -5,
      mtimeNanoseconds: 123_456_789,
      xattrs: new Map([[bytes("security.capability"), bytes("\x01\0\xff\n=")]]),
      extensions: new Map([[bytes("comment"), bytes("kept")]]),
    };
    const demo = await artifact([
      {
        "d/": "",
        "d/file": { ...odd, content: "x" },
        "d/dev": { type: "character", deviceMajor: 1, deviceMinor: 3, mode: 0o666 },
        "d/pipe": { type: "fifo" },
        other: "not copied",
      },
    ]);
    const { entries } = await assembleIn(
      workspace,
      recipe({ artifacts: { demo }, steps: [copy("/d")] }),
    );
    const [, dev, pipe, file] = await entries(0);
    expect(file!.entry).toMatchObject({ ...odd, path: "d/file", size: 1 });
    expect(dev!.entry).toMatchObject({ type: "character", deviceMajor: 1, deviceMinor: 3 });
    expect(pipe!.entry.type).toBe("fifo");
  });

  it("keeps hard links if both names are copied, and gives a name that is copied alone its content", async () => {
    const demo = await artifact([
      {
        "a/": "",
        "a/gcc": "ELF",
        "a/x86-gcc": { hardlink: "a/gcc" },
        "b/": "",
        "b/gcc": { hardlink: "a/gcc" },
      },
    ]);
    const both = await assembleIn(
      workspace,
      recipe({ artifacts: { demo }, steps: [copy("/a"), copy("/b", { to: "/c" })] }),
    );
    const listed = (await both.entries(0)).filter(({ entry }) => entry.type !== "directory");
    expect(listed.map(({ entry }) => [entry.type, entry.path, entry.linkTarget])).toEqual([
      ["file", "a/gcc", ""],
      ["hardlink", "a/x86-gcc", "a/gcc"],
      ["hardlink", "c/gcc", "a/gcc"],
    ]);
    const half = await assembleIn(workspace, recipe({ artifacts: { demo }, steps: [copy("/b")] }));
    expect(await half.text("/b/gcc")).toBe("ELF");
    expect((await half.entries(0)).map(({ entry }) => entry.type)).toEqual(["directory", "file"]);
  });

  it("holds two files, not hard links, if one path is copied to two places or with two owners", async () => {
    const demo = await artifact([{ one: "same", two: { hardlink: "one" }, three: "other" }]);
    const steps = [
      copy("/one", { to: "/x" }),
      copy("/one", { to: "/y" }),
      copy("/two", { to: "/z", owner: { uid: 5, gid: 5 } }),
      copy("/three"),
    ];
    const { entries, text } = await assembleIn(workspace, recipe({ artifacts: { demo }, steps }));
    const listed = await entries(0);
    expect(listed.map(({ entry }) => entry.type)).toEqual(["file", "file", "file", "file"]);
    expect(pathsOf(listed)).toEqual(["x", "three", "y", "z"]);
    for (const path of ["/x", "/y", "/z"]) expect(await text(path)).toBe("same");
  });

  it("shares one pass over the artifact with other layers that copy from it", async () => {
    const big = "0123456789abcdef".repeat(40_000);
    const demo = await artifact([{ big, small: "s" }]);
    const layers: LayerRecipe[] = [
      { name: "a", steps: [copy("/big", { to: "/a" })] },
      { name: "b", steps: [copy("/big", { to: "/b" }), copy("/small")] },
    ];
    const { text, image } = await assembleIn(workspace, recipe({ artifacts: { demo }, layers }));
    expect(image.manifest.value.layers).toHaveLength(2);
    expect(await text("/a")).toBe(big);
    expect(await text("/b")).toBe(big);
    expect(await text("/small")).toBe("s");
  });

  it("is rebuilt if one of its files changed, while all other layers keep the same bytes", async () => {
    const layers: LayerRecipe[] = ["gcc", "llvm", "python"].map((name) => ({
      name,
      steps: [copy(`/opt/${name}`)],
    }));
    const files = { "opt/gcc/cc": "1", "opt/llvm/clang": "1", "opt/python/python": "1" };
    const demo = await artifact([files]);
    const first = await assembleIn(workspace, recipe({ artifacts: { demo }, layers }));
    await artifact([{ ...files, "opt/llvm/clang": "2" }]);
    const second = await assembleIn(workspace, recipe({ artifacts: { demo }, layers }));
    expect(second.result.layers.map(({ reused }) => reused)).toEqual([true, false, true]);
    const before = first.image.manifest.value.layers;
    const after = second.image.manifest.value.layers;
    expect([after[0], after[2]]).toEqual([before[0], before[2]]);
    expect(after[1]!.digest).not.toBe(before[1]!.digest);
    const elsewhere = await assembleIn(workspace, recipe({ artifacts: { demo }, layers }), {
      into: "fresh",
    });
    expect(elsewhere.image.descriptor.digest).toBe(second.image.descriptor.digest);
  });

  it("does not depend on the layers next to it", async () => {
    const demo = await artifact([{ "opt/gcc/cc": "1", "opt/llvm/clang": "1" }]);
    const gcc: LayerRecipe = { name: "gcc", steps: [copy("/opt/gcc")] };
    const llvm: LayerRecipe = { name: "llvm", steps: [copy("/opt/llvm")] };
    const alone = await assembleIn(workspace, recipe({ artifacts: { demo }, layers: [llvm] }));
    const second = await assembleIn(
      workspace,
      recipe({ artifacts: { demo }, layers: [gcc, llvm] }),
      {
        into: "both",
      },
    );
    expect(second.image.config.value.rootfs.diff_ids[1]).toBe(
      alone.image.config.value.rootfs.diff_ids[0],
    );
  });

  it("is left out if it turns out empty, but stays in the history", async () => {
    const demo = await artifact([{ here: "1" }]);
    const layers: LayerRecipe[] = [
      { name: "nothing", steps: [copy("/absent", { missing: "warn" })] },
      { name: "something", steps: [copy("/here")] },
    ];
    const { image, result } = await assembleIn(workspace, recipe({ artifacts: { demo }, layers }));
    expect(image.manifest.value.layers).toHaveLength(1);
    expect(image.config.value.history).toMatchObject([
      { created_by: "oci-kit assemble: nothing", empty_layer: true },
      { created_by: "oci-kit assemble: something" },
    ]);
    expect(result.warnings).toMatchObject([{ kind: "missing-path", where: "nothing" }]);
  });
});

describe("times", () => {
  const TIMES = { mtime: 1_700_000_000, mtimeNanoseconds: 5 };
  const steps: Step[] = [copy("/d"), { kind: "link", path: "/l", target: "d" }];

  async function timesOf(
    what: readonly Step[],
    sourceDateEpoch?: number,
  ): Promise<[Record<string, string>, string | undefined]> {
    const demo = await artifact([
      { "d/": { ...TIMES, mtime: 1 }, "d/f": { ...TIMES, content: "x" } },
    ]);
    const { entries, image } = await assembleIn(
      workspace,
      recipe({ artifacts: { demo }, steps: what }),
      { sourceDateEpoch },
    );
    const listed = (await entries(0)).map(({ entry }): [string, string] => [
      entry.path,
      `${entry.mtime}.${entry.mtimeNanoseconds}`,
    ]);
    return [Object.fromEntries(listed), image.config.value.created];
  }

  it("come from the inputs: copied entries keep theirs, new entries get the newest of those", async () => {
    expect(await timesOf(steps)).toEqual([
      { "d/": "1.5", "d/f": "1700000000.5", l: "1700000000.5" },
      "1970-01-01T00:00:00Z",
    ]);
  });

  it("of new entries, of created and of the history are SOURCE_DATE_EPOCH if it is given", async () => {
    expect(await timesOf(steps, 1_000_000_000)).toEqual([
      { "d/": "1.5", "d/f": "1700000000.5", l: "1000000000.0" },
      "2001-09-09T01:46:40Z",
    ]);
  });

  it("of copied entries are limited to SOURCE_DATE_EPOCH if the step says clamp", async () => {
    const clamped = [copy("/d", { times: "clamp" })];
    expect((await timesOf(clamped, 1_000_000_000))[0]).toEqual({
      "d/": "1.5",
      "d/f": "1000000000.0",
    });
    expect((await timesOf(clamped))[0]).toMatchObject({ "d/f": "1700000000.5" });
  });
});

describe("a plain directory as an artifact", () => {
  function makeTree(name: string, time: number, content = "print()"): string {
    const directory = join(workspace.directory, name);
    mkdirSync(join(directory, "bin"), { recursive: true });
    const tool = join(directory, "bin", "tool");
    writeFileSync(tool, content);
    chmodSync(tool, 0o755);
    chmodSync(join(directory, "bin"), 0o755);
    linkSync(tool, join(directory, "bin", "tool-1"));
    utimesSync(tool, time, time);
    return directory;
  }

  it("gives the same image wherever and whenever it was made, with owner 0:0", async () => {
    const digests = new Set<string>();
    for (const [name, time] of [
      ["a", 1_000],
      ["b", 2_000],
    ] as const) {
      const demo = { directory: makeTree(name, time) };
      const { image, entries } = await assembleIn(
        workspace,
        recipe({ artifacts: { demo }, steps: [copy("/bin", { to: "/usr/bin" })] }),
        { into: `out-${name}` },
      );
      digests.add(image.descriptor.digest);
      expect(
        (await entries(0)).map(({ entry }) => [entry.type, entry.path, entry.uid, entry.mtime]),
      ).toEqual([
        ["directory", "usr/", 0, 0],
        ["directory", "usr/bin/", 0, 0],
        ["file", "usr/bin/tool", 0, 0],
        ["hardlink", "usr/bin/tool-1", 0, 0],
      ]);
    }
    expect(digests.size).toBe(1);
  });

  it("keeps times and owners when the recipe says so", async () => {
    const demo = { directory: makeTree("a", 1_000), times: "keep", owner: "keep" } as const;
    const { entries } = await assembleIn(
      workspace,
      recipe({ artifacts: { demo }, steps: [copy("/bin/tool")] }),
    );
    const { entry } = (await entries(0)).at(-1)!;
    expect([entry.mtime, entry.uid]).toEqual([1_000, process.getuid?.() ?? 0]);
  });

  it("is recognised as changed, with and without a cache, even if a file keeps its size and time", async () => {
    const directory = makeTree("a", 1_000);
    const what = recipe({ artifacts: { demo: { directory } }, steps: [copy("/bin")] });
    const cache = join(workspace.directory, "cache");
    const first = await assembleIn(workspace, what, { cache });
    expect((await assembleIn(workspace, what, { cache })).result.changed).toBe(false);
    writeFileSync(join(directory, "bin", "tool"), "PRINT()");
    utimesSync(join(directory, "bin", "tool"), 1_000, 1_000);
    const second = await assembleIn(workspace, what, { cache });
    expect(second.result.changed).toBe(true);
    expect(await second.text("/bin/tool-1")).toBe("PRINT()");
    expect(second.result.inputs[0]!.digest).not.toBe(first.result.inputs[0]!.digest);
    expect((await assembleIn(workspace, what)).result.changed).toBe(false);
  });
});
