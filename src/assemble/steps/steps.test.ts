// SPDX-License-Identifier: MIT
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
  type Assembled,
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

const BASE: LayerFiles = {
  "etc/": "",
  lib: { symlink: "usr/lib" },
  "tmp/": { mode: 0o1777 },
  "usr/": "",
  "usr/bin/": "",
  "usr/bin/stale": "old",
  "usr/lib/": "",
  "usr/lib/old/": "",
  "usr/lib/old/file": "old",
  dangling: { symlink: "/nowhere" },
};

const DEMO: LayerFiles = {
  "opt/": { mode: 0o750, uid: 9, gid: 9 },
  "opt/gcc/": "",
  "opt/gcc/cc": "cc",
  "opt/gcc/lib.la": "la",
  "opt/gcc/sub/": "",
  "opt/gcc/sub/x.la": "la",
  "opt/gcc/sub/x.so": "so",
  "opt/current": { symlink: "/opt/gcc" },
  "usr/": "",
  "usr/lib/": "",
  "usr/lib/liba.so": "a",
  "usr/lib/liba.so.1": { symlink: "liba.so" },
  "usr/lib/libb.so": "b",
  escape: { symlink: "../../../../etc" },
};

const copy = (path: string, more: Partial<CopyStep> = {}): CopyStep => ({
  kind: "copy",
  from: "demo",
  path,
  ...more,
});

/** Assembles one layer from steps, or several layers, on the base, whose files are in layer 0. */
async function make(what: readonly Step[] | readonly LayerRecipe[]): Promise<Assembled> {
  const demo = { reference: await workspace.image("artifact", { layers: [DEMO] }) };
  const base = { reference: await workspace.image("base", { layers: [BASE] }) };
  const isLayers = (all: typeof what): all is readonly LayerRecipe[] =>
    all.some((each) => "steps" in each);
  const layers = isLayers(what) ? what : [{ name: "one", steps: what }];
  return assembleIn(workspace, recipe({ base, artifacts: { demo }, layers }));
}

async function paths(what: readonly Step[]): Promise<string[]> {
  return pathsOf(await (await make(what)).entries(1));
}

async function refusal(
  what: readonly Step[] | readonly LayerRecipe[],
): Promise<Error & { code: string }> {
  const error: unknown = await make(what).catch((thrown: unknown) => thrown);
  expect(error).toMatchObject({ name: "OciError" });
  return error as Error & { code: string };
}

describe("a copy step", () => {
  it("copies a path with everything below it, to the same place or a new one", async () => {
    expect(await paths([copy("/opt/gcc")])).toEqual([
      "opt/",
      "opt/gcc/",
      "opt/gcc/sub/",
      "opt/gcc/cc",
      "opt/gcc/lib.la",
      "opt/gcc/sub/x.la",
      "opt/gcc/sub/x.so",
    ]);
    expect(await paths([copy("/opt/gcc/cc", { to: "/usr/bin/cc-16" })])).toEqual(["usr/bin/cc-16"]);
    expect(await paths([copy("/opt/gcc/cc", { to: "/usr/bin/" })])).toEqual(["usr/bin/cc"]);
  });

  it("gives parents that the base lacks the artifact's metadata and leaves the base's own alone", async () => {
    const { entries } = await make([
      copy("/opt/gcc/cc"),
      copy("/opt/gcc/cc", { to: "/tmp/new/cc" }),
    ]);
    const listed = new Map((await entries(1)).map(({ entry }) => [entry.path as string, entry]));
    expect(listed.get("opt/")).toMatchObject({ mode: 0o750, uid: 9, gid: 9 });
    expect(listed.get("tmp/new/")).toMatchObject({ mode: 0o755, uid: 0, gid: 0 });
    expect(listed.has("tmp/")).toBe(false);
  });

  it("copies the matches of a pattern, by default to their own paths, or into a directory", async () => {
    expect(await paths([copy("/usr/lib/lib*.so*")])).toEqual([
      "usr/lib/liba.so.1",
      "usr/lib/liba.so",
      "usr/lib/libb.so",
    ]);
    expect(await paths([copy("/opt/**/*.so", { to: "/usr/lib" })])).toEqual(["usr/lib/x.so"]);
    const kept: Step = { kind: "link", path: "/kept", target: "x" };
    expect(await paths([copy("/*/gcc", { exclude: ["**"] }), kept])).toEqual(["kept"]);
  });

  it("leaves out what its excludes match, whether relative to the copied directory or absolute", async () => {
    const left = await paths([copy("/opt/gcc", { exclude: ["**/*.la", "/opt/gcc/cc"] })]);
    expect(left).toEqual(["opt/", "opt/gcc/", "opt/gcc/sub/", "opt/gcc/sub/x.so"]);
  });

  it("warns of an exclude that leaves out nothing", async () => {
    const { result } = await make([copy("/opt/gcc", { exclude: ["**/*.la", "nope"] })]);
    expect(result.warnings).toMatchObject([
      { kind: "missing-path", message: expect.stringContaining('exclude "nope"') as string },
    ]);
  });

  it("changes owner and mode, with separate modes for directories and files", async () => {
    const { entries } = await make([
      copy("/opt/gcc", {
        owner: { uid: 1001, gid: 1002 },
        mode: { files: 0o4750, directories: 0o700 },
      }),
    ]);
    const listed = (await entries(1)).filter(({ entry }) => entry.path.startsWith("opt/gcc"));
    for (const { entry } of listed) {
      const mode = entry.type === "directory" ? 0o700 : 0o4750;
      expect(entry).toMatchObject({ uid: 1001, gid: 1002, mode });
    }
  });

  it("copies a link as a link, but follows links among its parents inside the artifact", async () => {
    const { tree, text } = await make([
      copy("/opt/current"),
      copy("/opt/current/cc", { to: "/cc" }),
    ]);
    expect(tree.lstat("/opt/current" as ByteString)).toMatchObject({ type: "symlink" });
    expect(await text("/cc")).toBe("cc");
  });

  it("never leaves the artifact through a link", async () => {
    expect((await refusal([copy("/escape/passwd")])).code).toBe("missing-input");
    expect(await paths([copy("/escape")])).toEqual(["escape"]);
  });

  it("handles a missing path as the step says: an error, a warning or an empty directory", async () => {
    const error = await refusal([copy("/opt/armnn")]);
    expect(error).toMatchObject({ code: "missing-input" });
    expect(error.message).toContain('has no "/opt/armnn"');
    const { result } = await make([copy("/opt/armnn", { missing: "warn" }), copy("/opt/gcc/cc")]);
    expect(result.warnings).toMatchObject([{ kind: "missing-path", where: "one" }]);
    const owner = { uid: 1001, gid: 1001 };
    const { entries } = await make([copy("/opt/armnn", { missing: "directory", owner })]);
    expect((await entries(1)).at(-1)!.entry).toMatchObject({ path: "opt/armnn/", uid: 1001 });
    expect((await refusal([copy("/opt/*.none")])).code).toBe("missing-input");
    expect((await refusal([copy("/opt/{gcc,none}")])).message).toContain('no "/opt/none"');
  });

  it("is overridden by a later step that names the same path", async () => {
    const { text } = await make([
      copy("/opt/gcc"),
      { kind: "file", path: "/opt/gcc/cc", content: "mine" },
    ]);
    expect(await text("/opt/gcc/cc")).toBe("mine");
  });
});

describe("destinations of steps", () => {
  it("are resolved through the base's links, which stay in place", async () => {
    expect(await paths([copy("/opt/gcc/cc", { to: "/lib/cc" })])).toEqual(["usr/lib/cc"]);
    const merged = await make([copy("/usr/lib", { to: "/lib" })]);
    expect(merged.tree.lstat("/lib" as ByteString)?.type).toBe("symlink");
    expect(await merged.text("/usr/lib/liba.so")).toBe("a");
    expect(await merged.text("/usr/lib/old/file")).toBe("old");
  });

  it.each<[string, Step]>([
    ["a .. in it", copy("/opt/gcc", { to: "/opt/../../etc" })],
    ["a .. in the source", copy("/opt/../etc")],
    ["no leading slash", { kind: "file", path: "etc/x", content: "" }],
    ["the name of a whiteout", { kind: "file", path: "/etc/.wh.passwd", content: "" }],
    ["the root for a link", { kind: "link", path: "/", target: "/x" }],
    ["the root to remove", { kind: "remove", path: "/." }],
    ["a NUL", { kind: "directory", path: "/a\0b" }],
    ["a file among its parents", { kind: "file", path: "/usr/bin/stale/x", content: "" }],
    ["a directory of the base for a link", { kind: "link", path: "/usr/lib", target: "x" }],
    ["a file of the base for a directory", { kind: "directory", path: "/usr/bin/stale" }],
    ["a dangling link for a directory", { kind: "directory", path: "/dangling" }],
    ["an artifact that is none", copy("/x", { from: "other" })],
  ])("with %s are refused", async (_why, step) => {
    expect((await refusal([step])).code).toBe("invalid-recipe");
  });
});

describe("link, file and directory steps", () => {
  it("make what they describe", async () => {
    const { entries } = await make([
      { kind: "link", path: "/usr/lib/clang", target: "/opt/clang" },
      { kind: "file", path: "/etc/x.conf", content: "ü\n", mode: 0o600, owner: { uid: 1, gid: 2 } },
      { kind: "directory", path: "/workspace", mode: 0o2775, owner: { uid: 3, gid: 4 } },
    ]);
    const listed = (await entries(1)).map(({ entry }) => entry);
    expect(listed).toMatchObject([
      { type: "symlink", path: "usr/lib/clang", linkTarget: "/opt/clang" },
      { type: "directory", path: "workspace/", mode: 0o2775, uid: 3, gid: 4 },
      { type: "file", path: "etc/x.conf", size: 3, mode: 0o600, uid: 1, gid: 2 },
    ]);
  });

  it("make a link only if nothing is there yet, when ifAbsent is set", async () => {
    const link = (path: string): Step => ({ kind: "link", path, target: "x", ifAbsent: true });
    expect(await paths([link("/usr/bin/stale"), link("/usr/bin/new"), link("/usr/lib")])).toEqual([
      "usr/bin/new",
    ]);
  });
});

describe("a remove step", () => {
  it("writes a whiteout and undoes what earlier steps put there", async () => {
    const { tree, entries } = await make([
      copy("/opt/gcc"),
      { kind: "remove", path: "/usr/bin/stale" },
      { kind: "remove", path: "/opt/gcc/sub" },
    ]);
    expect(tree.lstat("/usr/bin/stale" as ByteString)).toBeUndefined();
    expect(tree.lstat("/opt/gcc/sub" as ByteString)).toBeUndefined();
    expect(pathsOf(await entries(1))).toContain("usr/bin/.wh.stale");
  });

  it("lets a later step put something new there, and hides what the base had in a directory", async () => {
    const { tree, text, entries } = await make([
      { kind: "remove", path: "/usr/lib/old" },
      copy("/opt/gcc", { to: "/usr/lib/old" }),
      { kind: "remove", path: "/usr/bin" },
      { kind: "link", path: "/usr/bin", target: "lib" },
    ]);
    expect(tree.lstat("/usr/lib/old/file" as ByteString)).toBeUndefined();
    expect(await text("/usr/lib/old/cc")).toBe("cc");
    expect(tree.lstat("/usr/bin" as ByteString)?.type).toBe("symlink");
    expect(pathsOf(await entries(1))).not.toContain("usr/.wh.bin");
  });

  it("warns if nothing is there, but not if an earlier layer put something there", async () => {
    const remove: Step = { kind: "remove", path: "/opt/gcc/cc" };
    expect((await make([remove])).result.warnings).toMatchObject([{ kind: "nothing-to-remove" }]);
    const { result, tree } = await make([
      { name: "a", steps: [copy("/opt/gcc")] },
      { name: "b", steps: [remove] },
    ]);
    expect(result.warnings).toEqual([]);
    expect(tree.lstat("/opt/gcc/cc" as ByteString)).toBeUndefined();
  });
});

describe("layers that do not fit together are refused", () => {
  const layer = (name: string, ...steps: Step[]): LayerRecipe => ({ name, steps });

  it("if a later one writes through a link of an earlier one", async () => {
    const error = await refusal([
      layer("links", { kind: "link", path: "/usr/lib/clang", target: "/opt" }),
      layer("files", { kind: "file", path: "/usr/lib/clang/x", content: "x" }),
    ]);
    expect(error.message).toMatch(
      /layer files: "\/usr\/lib\/clang": .*layer links makes, a symlink/,
    );
  });

  it("if a later one writes into a directory that an earlier one removed", async () => {
    const error = await refusal([
      layer("clean", { kind: "remove", path: "/usr/lib/old" }),
      layer("files", { kind: "file", path: "/usr/lib/old/x", content: "x" }),
    ]);
    expect(error.message).toContain('layer clean removes "/usr/lib/old"');
  });

  it("if a later one would undo the owner of a directory without saying so", async () => {
    const owner = { uid: 1001, gid: 1001 };
    const own = layer("own", { kind: "directory", path: "/opt/flutter", owner });
    const more = { kind: "file", path: "/opt/flutter/extra", content: "" } as const;
    const error = await refusal([own, layer("more", more)]);
    expect(error.message).toContain("expected what layer own makes, directory 1001:1001 0755");
    const stated = layer("more", { kind: "directory", path: "/opt/flutter", owner }, more);
    await expect(make([own, stated])).resolves.toBeDefined();
  });

  it("if two share a name or define the same alternative", async () => {
    expect((await refusal([layer("x"), layer("x")])).message).toContain('"x" twice');
    const alternative = (path: string): Step => ({
      kind: "alternative",
      name: "cc",
      link: "/usr/bin/cc",
      path,
      priority: 1,
    });
    const error = await refusal([layer("a", alternative("/a")), layer("b", alternative("/b"))]);
    expect(error.message).toContain("record of an alternative");
  });
});
