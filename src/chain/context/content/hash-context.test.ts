// SPDX-License-Identifier: MIT
import fc from "fast-check";
import * as fs from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createServer } from "node:net";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { Digest } from "../../../oci/digest.ts";
import { parseContextList } from "./context-list.ts";
import { openFileMemory } from "./file-memory.ts";
import { hashContext } from "./hash-context.ts";

let base: string;
beforeEach(() => {
  base = fs.mkdtempSync(join(tmpdir(), "oci-kit-context-"));
});
afterEach(() => {
  vi.useRealTimers();
  fs.rmSync(base, { recursive: true, force: true });
});

type Tree = Readonly<Record<string, string>>;

/** Writes files by their paths, in the given order. A path that ends with `/` is a directory. */
function write(name: string, tree: Tree): string {
  const directory = join(base, name);
  fs.mkdirSync(directory, { recursive: true });
  for (const [path, content] of Object.entries(tree)) {
    const place = join(directory, path);
    fs.mkdirSync(path.endsWith("/") ? place : join(place, ".."), { recursive: true });
    if (!path.endsWith("/")) fs.writeFileSync(place, content);
  }
  return directory;
}

async function digestOf(directory: string): Promise<Digest> {
  return (await hashContext(directory)).list.digest;
}

async function pathsOf(directory: string, dockerfile?: string): Promise<string[]> {
  const { list } = await hashContext(directory, { dockerfile });
  return parseContextList(list).map(({ path }) => path);
}

const names = fc.constantFrom("a", "b", "c", "é", "x y", "A");
const paths = fc.array(names, { minLength: 1, maxLength: 3 }).map((parts) => parts.join("/"));
/** Files at paths of which none is below another. */
const trees = fc
  .dictionary(paths, fc.string({ maxLength: 4 }), { minKeys: 1, maxKeys: 8 })
  .map((files) =>
    Object.fromEntries(
      Object.entries(files).map(([path, content]) => [path.split("/").join("_/"), content]),
    ),
  );

describe("the digest of a context", () => {
  it("does not depend on its place, the order of creation, or times", async () => {
    await fc.assert(
      fc.asyncProperty(trees, fc.nat(), async (tree, time) => {
        const one = write("one", tree);
        const other = write("other/place", Object.fromEntries(Object.entries(tree).reverse()));
        for (const path of Object.keys(tree)) fs.utimesSync(join(other, path), time, time);
        expect(await digestOf(other)).toBe(await digestOf(one));
        for (const place of [one, other]) fs.rmSync(place, { recursive: true });
      }),
      { numRuns: 40 },
    );
  });

  it("changes with content, mode, type, target and every path", async () => {
    const directory = write("context", { "a/f": "1", "b/": "" });
    fs.symlinkSync("f", join(directory, "l"));
    const seen = [await digestOf(directory)];
    const steps = [
      () => fs.writeFileSync(join(directory, "a/f"), "2"),
      () => fs.chmodSync(join(directory, "a/f"), 0o755),
      () => fs.chmodSync(join(directory, "a"), 0o700),
      () => fs.renameSync(join(directory, "b"), join(directory, "c")),
      () => {
        fs.rmSync(join(directory, "l"));
        fs.symlinkSync("g", join(directory, "l"));
      },
      () => {
        fs.rmSync(join(directory, "l"));
        fs.writeFileSync(join(directory, "l"), "g");
      },
      () => fs.rmSync(join(directory, "l")),
    ];
    for (const step of steps) {
      step();
      seen.push(await digestOf(directory));
    }
    expect(new Set(seen).size).toBe(steps.length + 1);
  });

  it("covers what a link says, and not what it leads to", async () => {
    const directory = write("context", { a: "1" });
    fs.writeFileSync(join(base, "outside"), "1");
    fs.symlinkSync("../outside", join(directory, "l"));
    fs.symlinkSync("..", join(directory, "up"));
    const before = await digestOf(directory);
    fs.writeFileSync(join(base, "outside"), "2");
    expect(await digestOf(directory)).toBe(before);
    expect(await pathsOf(directory)).toEqual(["a", "l", "up"]);
  });

  it("takes a socket for an empty file, as BuildKit does, and never opens a fifo", async () => {
    const directory = write("context", {});
    const server = createServer().listen(join(directory, "s"));
    await new Promise((resolve) => server.once("listening", resolve));
    const { list, warnings } = await hashContext(directory);
    server.close();
    expect(parseContextList(list)).toMatchObject([{ path: "s", type: "file" }]);
    expect(warnings).toEqual([]);
  });
});

describe("which ignore file counts", () => {
  const tree = { a: "", b: "", Dockerfile: "", ".dockerignore": "a\n" };

  it("is the Dockerfile's own before the context's, also when it is empty", async () => {
    const directory = write("context", { ...tree, "D.dockerignore": "b\n", "E.dockerignore": "" });
    const all = [".dockerignore", "D.dockerignore", "Dockerfile", "E.dockerignore", "a", "b"];
    const without = (name: string): string[] => all.filter((other) => other !== name);
    expect(await pathsOf(directory)).toEqual(without("a"));
    expect(await pathsOf(directory, join(directory, "Dockerfile"))).toEqual(without("a"));
    expect(await pathsOf(directory, join(directory, "D"))).toEqual(without("b"));
    expect(await pathsOf(directory, join(directory, "E"))).toEqual(all);
  });

  it("may be a link inside its directory, and one out of it leads nowhere", async () => {
    const directory = write("context", {
      a: "",
      "f/x.dockerignore": "a\n",
      ".dockerignore": "f\n",
    });
    fs.symlinkSync("x.dockerignore", join(directory, "f/D.dockerignore"));
    fs.symlinkSync("../.dockerignore", join(directory, "f/E.dockerignore"));
    expect(await pathsOf(directory, join(directory, "f/D"))).not.toContain("a");
    expect(await pathsOf(directory, join(directory, "f/E"))).toEqual([".dockerignore", "a"]);
  });

  it("may ignore the Dockerfile and itself", async () => {
    const directory = write("context", { ...tree, ".dockerignore": "Dockerfile\n.dockerignore\n" });
    expect(await pathsOf(directory)).toEqual(["a", "b"]);
  });

  it("sends an ignored directory of which something is included, and what is empty", async () => {
    const directory = write("context", {
      "a/b/f": "",
      "a/c/f": "",
      "e/": "",
      ".dockerignore": "*\n!a/b\n!e\n",
    });
    expect(await pathsOf(directory)).toEqual(["a", "a/b", "a/b/f", "e"]);
  });
});

describe("what was saved by a build", () => {
  const layout = { "out/x/oci-layout": "{}", "out/x/index.json": "{}", "out/x/blobs/f": "big" };

  it("is refused as a part of a context, all of it named at once, with what to ignore", async () => {
    const directory = write("context", {
      a: "",
      ...layout,
      "out/root/bin/sh": "",
      "out/root.oci-kit/sidecar.json": "{}",
    });
    await expect(hashContext(directory)).rejects.toThrow(
      expect.objectContaining({
        code: "gate-refused",
        message: expect.stringMatching(
          /out\/root \(a directory .*\), out\/root.oci-kit .*, out\/x \(a saved OCI layout\)/,
        ) as string,
        hint: expect.stringContaining("out/root out/root.oci-kit out/x") as string,
      }),
    );
    fs.writeFileSync(join(directory, ".dockerignore"), "out/root\nout/root.oci-kit\nout/x\n");
    expect(await pathsOf(directory)).toEqual([".dockerignore", "a", "out"]);
  });

  it("travels when it is allowed by its path", async () => {
    const directory = write("context", layout);
    const { size } = await hashContext(directory, { allowExports: ["out/x"] });
    expect(size.files).toBe(3);
  });

  it("is refused as the context itself if it is a layout, and taken if it is an unpacked directory", async () => {
    write("context", { ...layout, "root/f": "", "root.oci-kit/sidecar.json": "{}" });
    await expect(hashContext(join(base, "context/out/x"))).rejects.toThrow(
      expect.objectContaining({ hint: expect.stringContaining("oci-layout://") as string }),
    );
    expect(await pathsOf(join(base, "context/root"))).toEqual(["f"]);
  });
});

describe("the memory of files", () => {
  /** The files that were opened while the work was done. */
  async function opened(directory: string): Promise<readonly string[]> {
    const memory = await openFileMemory(directory, join(base, "memory"));
    const asked: string[] = [];
    const watched = {
      ...memory,
      set: (...words: Parameters<typeof memory.set>) => {
        asked.push(words[0]);
        memory.set(...words);
      },
    };
    await hashContext(directory, { memory: watched });
    return asked;
  }

  it("a second run reads nothing; what changed is read, what moved too", async () => {
    const directory = write("context", { a: "1", b: "2", "c/d": "3" });
    vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + 60_000 });
    expect(await opened(directory)).toEqual(["a", "b", "c/d"]);
    expect(await opened(directory)).toEqual([]);
    fs.writeFileSync(join(directory, "b"), "4");
    expect(await opened(directory)).toEqual(["b"]);
    expect(await opened(directory)).toEqual([]);
  });

  it("a file with its old size and time again is read, because its change time is another", async () => {
    const directory = write("context", { a: "1" });
    vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + 60_000 });
    await opened(directory);
    const { atime, mtime } = fs.statSync(join(directory, "a"));
    fs.writeFileSync(join(directory, "a"), "2");
    fs.utimesSync(join(directory, "a"), atime, mtime);
    expect(await opened(directory)).toEqual(["a"]);
  });

  it("a file that changed less than two seconds before it was read is read again", async () => {
    const directory = write("context", { a: "1" });
    vi.useFakeTimers({ toFake: ["Date"], now: fs.statSync(join(directory, "a")).ctimeMs + 1000 });
    expect(await opened(directory)).toEqual(["a"]);
    expect(await opened(directory)).toEqual(["a"]);
  });

  it("damaged, it is as if there were none", async () => {
    const directory = write("context", { a: "1" });
    vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + 60_000 });
    await opened(directory);
    const file = fs.readdirSync(join(base, "memory")).find((name) => name.startsWith("v"));
    const place = join(base, "memory", file!, "content");
    fs.writeFileSync(place, fs.readFileSync(place, "utf8").replace(/[0-9a-f]{8}"/, '00000000"'));
    expect(await opened(directory)).toEqual(["a"]);
  });
});

it("says how large a context is, and where", async () => {
  const directory = write("context", {
    "a/b/c/big": "x".repeat(900),
    "a/small": "x",
    d: "xx",
    "e/": "",
  });
  const { size } = await hashContext(directory);
  expect(size).toEqual({
    files: 3,
    directories: 4,
    others: 0,
    bytes: 903,
    largestFiles: [
      { path: "a/b/c/big", bytes: 900 },
      { path: "d", bytes: 2 },
      { path: "a/small", bytes: 1 },
    ],
    largestDirectories: [{ path: "a/b/c", bytes: 900 }],
  });
});

it("stops when it is asked to", async () => {
  const directory = write("context", { a: "1" });
  await expect(hashContext(directory, { signal: AbortSignal.abort() })).rejects.toThrow(
    expect.objectContaining({ code: "aborted" }),
  );
});

it("warns of a file that BuildKit would send empty, and takes it for empty", async () => {
  const directory = write("context", { "d/f": "1", ".dockerignore": "d\n!d/f\nd\n" });
  const { warnings, list, size } = await hashContext(directory);
  expect(warnings).toMatchObject([{ kind: "sent-empty", path: "d/f" }]);
  fs.writeFileSync(join(directory, "d/f"), "2");
  expect(await digestOf(directory)).toBe(list.digest);
  expect(size.largestFiles).toMatchObject([{ path: ".dockerignore" }]);
});
