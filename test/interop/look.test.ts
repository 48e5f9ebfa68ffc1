// SPDX-License-Identifier: MIT
import { execFileSync, spawnSync } from "node:child_process";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { parseImagePath } from "../../src/cli/input/values/image-path.ts";
import { openLayout } from "../../src/store/layout/layout.ts";
import { makeImage } from "../fixtures/layers.ts";
import { familyLayers } from "./families.ts";
import { linesOf, listPaths, pathsOf, printed } from "./listed-paths.ts";
import { changes, linkDown, oddLayer, returns } from "./odd-layers.ts";
import { runPeer } from "./peers.ts";
import { makeScratch } from "./scratch.ts";

const CLI = join(import.meta.dirname, "../../bin/oci-kit");
const scratch = makeScratch();
const layout = scratch.path("images");

const IMAGES = {
  family: familyLayers("amd64"),
  odd: [oddLayer()],
  changed: [oddLayer(), linkDown(), changes(), returns()],
} as const;
type Name = keyof typeof IMAGES;
const NAMES = Object.keys(IMAGES) as Name[];

beforeAll(async () => {
  const store = await openLayout(layout, { create: true });
  for (const name of NAMES) await makeImage(IMAGES[name], { store, tag: name });
  for (const name of NAMES) {
    await runPeer("umoci", ["unpack", "--image", `${layout}:${name}`, scratch.path(name)]);
  }
});

const cache = scratch.path("cache");
const cli = (...words: string[]): Buffer => printed(cache, ...words);

/** What GNU find prints of each path of a directory. */
function findFacts(directory: string, format: string): (readonly [path: string, fact: string])[] {
  const words = [".", "-printf", `%p\\0${format}\\0`];
  const found = execFileSync("find", words, { cwd: directory }).toString("latin1").split("\0");
  return Array.from({ length: (found.length - 1) / 2 }, (_, at) => {
    const path = found[2 * at]!.slice(1);
    return [path === "" ? "/" : path, found[2 * at + 1]!];
  });
}

describe.each(NAMES)("the image %s", (name) => {
  const image = `oci:${layout}:${name}`;
  const bundle = join(scratch.path(name), "rootfs");

  it("has the same paths by ls -R, by find, and by export and tar t", () => {
    const { find, ls, tar } = listPaths(cache, image);
    expect(find[0]).toBe("/");
    expect(find.length).toBeGreaterThan(5);
    expect(ls).toEqual(find.slice(1));
    expect([...tar].sort()).toEqual(find.slice(1).sort());
  });

  it("has the paths that find finds in umoci's unpacked tree, and so has that tree by ls -R", () => {
    const found = pathsOf(cache, "find", image).sort();
    const unpacked = findFacts(bundle, "").map(([path]) => path);
    expect(found).toEqual(unpacked.sort());
    expect(pathsOf(cache, "ls", "-R", `dir:${bundle}`)).toEqual(pathsOf(cache, "ls", "-R", image));
  });

  it("has the modes, owners, names and sizes that find prints of umoci's unpacked tree", () => {
    const facts = new Map<string, string>();
    for (const line of linesOf(cli("ls", "-lR", image))) {
      const [, mode = "", links = "", uid = "", gid = "", size = "", path = ""] =
        /^(\S+) +(\d+) +(\d+) +(\d+) +(\d+(?:, \d+)?) \S+ (.*)$/.exec(line) ?? [];
      const isFile = mode.startsWith("-");
      const plain = mode.startsWith("l") ? path.replace(/ -> .*/, "") : path;
      facts.set(parseImagePath(plain), `${mode} ${uid} ${gid} ${isFile ? `${links} ${size}` : ""}`);
    }
    const expected = findFacts(bundle, "%M %U %G %n %s").map(([path, fact]) => {
      const [mode, uid, gid, links, size] = fact.split(" ");
      const isFile = mode!.startsWith("-");
      return [path, `${mode!} ${uid!} ${gid!} ${isFile ? `${links!} ${size!}` : ""}`] as const;
    });
    const wanted = new Map(expected.filter(([path]) => path !== "/"));
    expect(Object.fromEntries([...facts].sort())).toEqual(Object.fromEntries([...wanted].sort()));
  });

  it("differs in nothing from umoci's unpacked tree, except the root that no layer names", () => {
    const words = ["diff", image, `dir:${bundle}`, "--ignore", "time", "--json"];
    const env = { ...process.env, NODE_OPTIONS: "", OCI_KIT_CACHE: cache };
    const { stdout } = spawnSync(process.execPath, [CLI, ...words], { env, maxBuffer: 1 << 28 });
    const { compared, differences } = JSON.parse(stdout.toString()) as {
      compared: number;
      differences: { path: string }[];
    };
    expect(compared).toBeGreaterThan(5);
    expect(differences.filter(({ path }) => path !== "/")).toEqual([]);
  });
});
