// SPDX-License-Identifier: MIT
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { beforeAll, beforeEach, describe, expect, it } from "vitest";
import { openLayout } from "../../src/store/layout/layout.ts";
import { removeTree } from "../../src/files/remove-tree.ts";
import { buildImage, type LayerFile } from "../../src/testing/build-image.ts";
import { execute } from "./peers.ts";
import { ORDINARY_USER, runCli, startCli } from "./run-cli.ts";
import { makeScratch } from "./scratch.ts";

const FILES = 4000;
const CLI = join(import.meta.dirname, "../../bin/oci-kit");
const scratch = makeScratch();
const layout = scratch.path("images");
const store = scratch.path("store");
const [small, large] = [`oci:${layout}:small`, `oci:${layout}:large`];

interface Added {
  readonly converted: boolean;
  readonly key: string;
  readonly rootfs: string;
}

interface Listed {
  readonly names: readonly { readonly name: string; readonly problem?: string }[];
  readonly conversions: readonly { readonly key: string; readonly names: readonly string[] }[];
}

beforeAll(async () => {
  const content = await openLayout(layout, { create: true });
  const files: Record<string, LayerFile> = { file: "large" };
  for (let at = 0; at < FILES; at += 1)
    files[`d${at % 50}/f${at}`] = `content of ${at}\n`.repeat(200);
  await buildImage(content, { layers: [files], tag: "large" });
  const closed = { mode: 0, content: undefined };
  await buildImage(content, {
    layers: [{ file: "small", "closed/": { mode: 0o700 }, "closed/in/": closed }],
    tag: "small",
  });
  chmodSync(scratch.directory, 0o755);
});
beforeEach(() => removeTree(store));

/** Runs the command line to its end, so that several can run at the same time. */
async function run(...words: string[]): Promise<Added> {
  const child = spawn(process.execPath, [CLI, ...words, "--json"]);
  let stdout = "";
  child.stdout.on("data", (chunk: Buffer) => (stdout += chunk.toString()));
  const [status] = (await once(child, "close")) as [number | null];
  expect(status, stdout).toBe(0);
  return JSON.parse(stdout) as Added;
}

const add = (reference: string, name: string): Promise<Added> =>
  run("store", "add", store, reference, name);
const list = (): Listed => runCli(["store", "list", store]) as Listed;
const contentOf = (name: string): string =>
  readFileSync(join(store, "names", name, "rootfs/file"), "utf8");

/** The directories of unfinished conversions, running or killed. */
function unfinished(): string[] {
  const conversions = join(store, "conversions");
  return existsSync(conversions)
    ? readdirSync(conversions).filter((name) => name.startsWith(".new"))
    : [];
}

async function startAdding(reference: string, name: string): Promise<ChildProcess> {
  const child = startCli(["store", "add", store, reference, name]);
  while (unfinished().length === 0) {
    expect(child.exitCode).toBeNull();
    await sleep(5);
  }
  return child;
}

async function kill(child: ChildProcess): Promise<void> {
  const exit = once(child, "exit");
  child.kill("SIGKILL");
  await exit;
  expect(child.signalCode).toBe("SIGKILL");
}

describe("processes that want the same digest at the same time", () => {
  it("convert it once, under all their names", async () => {
    const names = ["a", "b", "c", "d", "e"];
    const added = await Promise.all(names.map((name) => add(large, name)));
    expect(added.filter(({ converted }) => converted)).toHaveLength(1);
    expect(list()).toMatchObject({ conversions: [{ key: added[0]!.key, names }] });
    for (const name of names) expect(contentOf(name)).toBe("large");
  });

  it("finish the conversion when the process that does it is killed", async () => {
    const maker = await startAdding(large, "maker");
    const waiting = add(large, "waiter");
    await sleep(500);
    await kill(maker);
    expect(await waiting).toMatchObject({ converted: true });
    expect(list().names).toEqual([expect.objectContaining({ name: "waiter" })]);
    expect(contentOf("waiter")).toBe("large");
    expect(await add(large, "maker")).toMatchObject({ converted: false });
    expect(unfinished()).toHaveLength(1);
    runCli(["store", "prune", store, "--min-age", "0"]);
    expect(unfinished()).toEqual([]);
    expect(contentOf("maker")).toBe("large");
  });

  it("are not disturbed when one that only waits is killed", async () => {
    const making = add(large, "maker");
    while (unfinished().length === 0) await sleep(5);
    const waiter = startCli(["store", "add", store, large, "waiter"]);
    await sleep(500);
    waiter.kill("SIGKILL");
    expect(await making).toMatchObject({ converted: true });
    expect(contentOf("maker")).toBe("large");
  });
});

describe("a name in the store", () => {
  it("keeps its last complete conversion whenever the next one is killed", async () => {
    await add(small, "name");
    for (let moment = 0; moment < 5; moment += 1) {
      const maker = await startAdding(large, "name");
      await sleep(Math.random() * 300);
      if (maker.exitCode !== null) break;
      await kill(maker);
      expect(["small", "large"]).toContain(contentOf("name"));
      runCli(["store", "prune", store, "--min-age", "0"]);
      expect(list().names).toEqual([
        expect.not.objectContaining({ problem: expect.anything() as unknown }),
      ]);
    }
    await add(large, "name");
    expect(contentOf("name")).toBe("large");
  });

  it("is given within milliseconds, and never disappears while many processes move it", async () => {
    await add(small, "one");
    await add(large, "two");
    let isThere = false;
    // in the first wave nobody has the name yet; in the second it must exist whenever it is looked up
    for (let wave = 1; wave <= 2; wave += 1) {
      const moving = ["one", "two", "one", "two"].map((source) =>
        run("store", "link", store, source, "name"),
      );
      const all = Promise.all(moving);
      const state = { moving: true };
      void all.finally(() => (state.moving = false));
      while (state.moving) {
        isThere ||= existsSync(join(store, "names/name"));
        if (isThere) expect(["small", "large"]).toContain(contentOf("name"));
        await sleep(1);
      }
      await all;
      expect(["small", "large"]).toContain(contentOf("name"));
    }
  });
});

describe("pruning the store", () => {
  it("removes directories that their owner, an ordinary user, may not read", async () => {
    const own = scratch.make("own");
    chownSync(own, ORDINARY_USER, ORDINARY_USER);
    const mine = join(own, "store");
    await execute("chmod", ["-R", "a+rX", layout]);
    runCli(["store", "add", mine, small, "name"], ORDINARY_USER);
    runCli(["store", "unlink", mine, "name"], ORDINARY_USER);
    runCli(["store", "prune", mine, "--min-age", "0"], ORDINARY_USER);
    expect(readdirSync(join(mine, "conversions"))).toEqual([".locks"]);
  });

  it("never enters a file system mounted inside a conversion", async () => {
    const { rootfs } = await add(small, "name");
    const outside = scratch.make("outside");
    writeFileSync(join(outside, "file"), "kept");
    mkdirSync(join(rootfs, "mnt"));
    await execute("mount", ["--bind", outside, join(rootfs, "mnt")]);
    runCli(["store", "unlink", store, "name"]);
    const prune = ["store", "prune", store, "--min-age", "0"];
    const mounts = (): string[] =>
      readFileSync("/proc/self/mounts", "utf8").match(/\S+\/rootfs\/\S*mnt|\S+aside\S*/g) ?? [];
    try {
      expect(() => runCli(prune)).toThrow("EBUSY");
      expect(readFileSync(join(outside, "file"), "utf8")).toBe("kept");
      expect(list().conversions).toEqual([]);
    } finally {
      for (const mount of mounts()) await execute("umount", [mount]);
    }
    runCli(prune);
    expect(readdirSync(join(store, "conversions"))).toEqual([".locks"]);
    expect(readFileSync(join(outside, "file"), "utf8")).toBe("kept");
  });
});
