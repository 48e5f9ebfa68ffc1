// SPDX-License-Identifier: MIT
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { randomBytes } from "node:crypto";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { setImmediate } from "node:timers/promises";
import { beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { Bytes } from "../../src/bytes/bytes.ts";
import { readAll } from "../../src/bytes/streams/read-all.ts";
import type { Descriptor } from "../../src/oci/documents/descriptor.ts";
import { openRepository } from "../../src/registry/repository.ts";
import { openLayout } from "../../src/store/layout/layout.ts";
import { buildImage } from "../../src/testing/build-image.ts";
import { startCountingProxy, type CountingProxy } from "../fixtures/counting-proxy.ts";
import { freePort, startDockerRegistry } from "./docker-registry.ts";
import { makeScratch } from "./scratch.ts";

const CLI = join(import.meta.dirname, "../../bin/oci-kit");
const MIB = 1024 * 1024;
const scratch = makeScratch();
const cache = scratch.path("cache");
const source = `oci:${scratch.path("source")}:1`;
let layer: Descriptor;
let content: Uint8Array;

beforeAll(async () => {
  const layout = await openLayout(scratch.path("source"), { create: true });
  const built = await buildImage(layout, { layers: [{ large: randomBytes(24 * MIB) }] });
  await layout.tag(built.descriptor, "1");
  [layer] = built.layers as [Descriptor];
  content = await readAll(layout.fetch(layer), 64 * MIB, "layer");
});

function start(words: readonly string[]): ChildProcess {
  const env = { ...process.env, OCI_KIT_CACHE: cache };
  return spawn(process.execPath, [CLI, ...words], { env, stdio: ["ignore", "pipe", "pipe"] });
}

/** Runs the program to its end. Returns its exit status and what it said. */
async function run(...words: string[]): Promise<{ status: number | null; said: string }> {
  const child = start(words);
  let said = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream?.on("data", (chunk: Buffer) => (said += chunk.toString()));
  }
  const [status] = (await once(child, "close")) as [number | null];
  return { status, said };
}

/** Runs the program, and ends it by a signal when so much has passed. */
async function stopAt(
  direction: "sent" | "received",
  bytes: number,
  signal: NodeJS.Signals,
  words: readonly string[],
): Promise<void> {
  const reached = proxy.holdAfter(direction, bytes);
  const child = start(words);
  const closed = once(child, "close");
  await Promise.race([reached, closed]);
  expect(child.exitCode).toBe(null);
  child.kill(signal);
  await closed;
}

let proxy: CountingProxy;
let number = 0;

interface Served {
  readonly host: string;
  stop(): Promise<void>;
}

async function startServe(): Promise<Served> {
  const port = await freePort();
  const child = start(["serve", scratch.path(`served${number}`), "--port", String(port)]);
  await once(child.stdout!, "data");
  return {
    host: `127.0.0.1:${port}`,
    stop: async () => {
      child.kill();
      await once(child, "close");
    },
  };
}

describe.each([
  ["oci-kit serve", true, startServe],
  ["docker-registry", false, () => startDockerRegistry(scratch.path(`registry${number}`))],
] as const)("a transfer with %s that is stopped", (_, keepsBroken, startRegistry) => {
  let registry: Served;
  let target: string;
  beforeEach(async () => {
    number += 1;
    registry = await startRegistry();
    proxy = await startCountingProxy(Number(registry.host.split(":")[1]));
    target = `${proxy.host}/a/b:1`;
    return async () => {
      await proxy.close();
      await registry.stop();
    };
  });

  it.each(["SIGKILL", "SIGINT"] as const)(
    "by %s while it sends goes on in the next run, and sends nothing twice that was kept",
    async (signal) => {
      await stopAt("sent", 10 * MIB, signal, ["copy", source, target]);
      const before = proxy.requests.length;
      expect(await run("copy", source, target)).toMatchObject({
        status: 0,
        said: expect.anything() as string,
      });
      const second = proxy.requests.slice(before);
      const asked = second.find(({ method, path }) => method === "GET" && path.includes("uploads"));
      const kept = asked?.status === 204 ? Number(asked.range?.split("-")[1]) + 1 : 0;
      expect(kept > 9 * MIB).toBe(keepsBroken);
      const blobs = second.filter(({ path }) => path.includes("blobs/uploads"));
      const sent = blobs.reduce((sum, one) => sum + one.sent, 0);
      // The configuration, of some hundred bytes, is sent too.
      expect(sent - (layer.size - kept)).toBeLessThan(1000);
      await assertHolds();
    },
  );

  it("by SIGKILL while it fetches goes on in the next run, and fetches nothing twice", async () => {
    expect(await run("copy", source, target)).toMatchObject({ status: 0 });
    const directory = scratch.path(`pulled${number}`);
    await stopAt("received", 12 * MIB, "SIGKILL", ["copy", target, `oci:${directory}:1`]);
    const [partial = ""] = readdirSync(directory).filter((name) => name.includes(".partial."));
    const there = statSync(join(directory, partial)).size;
    expect(there).toBeGreaterThan(10 * MIB);
    const before = proxy.requests.length;
    expect(await run("copy", target, `oci:${directory}:1`)).toMatchObject({ status: 0 });
    const second = proxy.requests.slice(before).filter(({ path }) => path.includes(layer.digest));
    expect(second.find(({ method }) => method === "GET")?.received).toBe(layer.size - there);
    const place = join(directory, "blobs", layer.digest.replace(":", "/"));
    expect(Buffer.compare(readFileSync(place), content)).toBe(0);
    expect(readdirSync(directory).filter((name) => name.startsWith("."))).toEqual([]);
  });

  it("between two chunks goes on there in the next run", async () => {
    const where = { registry: proxy.host, repository: "a/b" };
    const chunks = { use: "always", length: 8 * MIB } as const;
    const habits = [{ hosts: ["127.0.0.1"], chunks }];
    const options = { habits, journalDirectory: scratch.path("journal") };
    const stop = new AbortController();
    async function* read(offset: number): Bytes {
      for (let at = offset; at < content.length; at += 65_536) {
        if (at > 10 * MIB) stop.abort();
        yield content.subarray(at, at + 65_536);
        await setImmediate();
      }
    }
    const watched = { size: content.length, open: ({ offset = 0 } = {}) => read(offset) };
    const stopped = openRepository(where, options).push(layer, watched, { signal: stop.signal });
    await expect(stopped).rejects.toMatchObject({ code: "aborted" });
    const before = proxy.requests.length;
    await openRepository(where, options).push(layer, watched);
    const second = proxy.requests.slice(before);
    expect(second.find(({ method }) => method === "GET")?.range).toBe(`0-${16 * MIB - 1}`);
    expect(second.reduce((sum, { sent }) => sum + sent, 0)).toBe(layer.size - 16 * MIB);
    const bytes = await readAll(openRepository(where).fetch(layer), 64 * MIB, "layer");
    expect(Buffer.compare(bytes, content)).toBe(0);
  });

  it("leaves nothing in the journal once it has ended", async () => {
    await stopAt("sent", 5 * MIB, "SIGKILL", ["copy", source, target]);
    const { said } = await run("cache");
    expect(said).toMatch(/^uploads +1 entry/m);
    expect(await run("copy", source, target)).toMatchObject({ status: 0 });
    expect((await run("cache")).said).not.toMatch(/^uploads/m);
  });

  async function assertHolds(): Promise<void> {
    const [, repository = ""] = /\/(.*):/.exec(target.replace(proxy.host, "")) ?? [];
    const store = openRepository({ registry: registry.host, repository });
    const bytes = await readAll(store.fetch(layer), 64 * MIB, "layer");
    expect(Buffer.compare(bytes, content)).toBe(0);
    expect((await store.resolve("1")).digest).toBeDefined();
  }
});
