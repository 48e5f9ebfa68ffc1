// SPDX-License-Identifier: MIT
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { randomBytes } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openRepository } from "../../src/registry/repository.ts";
import { serveRegistry, type RegistryServer } from "../../src/server/serve.ts";
import { AnnotationKey } from "../../src/oci/annotations.ts";
import { readIndex, readManifest } from "../../src/store/read-documents.ts";
import { startCountingProxy, type CountingProxy } from "../fixtures/counting-proxy.ts";
import { elf } from "../fixtures/layers.ts";
import { ARCHITECTURES, configuration } from "../fixtures/project.ts";
import { makeScratch } from "./scratch.ts";

const CLI = join(import.meta.dirname, "../../bin/oci-kit");
const scratch = makeScratch();
/** What every machine has alike. It does not compress, so that a push of it takes a while. */
const DATA = randomBytes(2 << 20);
let server: RegistryServer;
let proxy: CountingProxy;
let repository: string;

beforeAll(async () => {
  server = await serveRegistry({ directory: scratch.make("registry") });
  proxy = await startCountingProxy(server.port);
  repository = `${proxy.host}/family/image`;
});
afterAll(async () => {
  await proxy.close();
  await server.close();
});

/** A machine of a matrix: its own home and cache, the shared text, and the artifact of one architecture. */
function machine(name: string, architecture?: (typeof ARCHITECTURES)[number]): string {
  const place = scratch.make(name);
  const write = (path: string, content: string | Uint8Array): void => {
    mkdirSync(dirname(join(place, path)), { recursive: true });
    writeFileSync(join(place, path), content, { mode: 0o755 });
  };
  write("linux/oci-kit.yaml", configuration(repository));
  write("chain.lock", "base sha256:0123\n");
  write("data/share/large", Buffer.concat([Buffer.from(name.split("-")[0]!), DATA]));
  if (architecture !== undefined) write(`gcc/${architecture}/bin/gcc`, elf(architecture));
  return place;
}

function start(place: string, words: readonly string[]): ChildProcess {
  const env = { PATH: process.env["PATH"], HOME: join(place, "home") };
  return spawn(process.execPath, [CLI, ...words], {
    cwd: place,
    env,
    stdio: ["ignore", "pipe", "pipe"],
  });
}

async function run(place: string, ...words: string[]): Promise<{ status: number; said: string }> {
  const child = start(place, words);
  let said = "";
  for (const stream of [child.stdout!, child.stderr!]) {
    stream.on("data", (chunk: Buffer) => (said += chunk.toString()));
  }
  const [status] = (await once(child, "close")) as [number];
  return { status, said };
}

describe("a matrix of three machines with no shared disk, one architecture each", () => {
  it.each([
    ["the run id of the caller", ["--run-id", "20260801-000000-0123abcd"]],
    ["a lock file", ["--lock", "chain.lock"]],
  ])("makes one index by %s, also when one was killed and run again", async (how, flags) => {
    const tag = how.replaceAll(" ", ".");
    const places = ARCHITECTURES.map((name) => machine(`${tag}-${name}`, name));
    const words = (at: number): string[] => [
      "assemble",
      "--arch",
      ARCHITECTURES[at]!,
      "--push",
      tag,
      ...flags,
    ];
    const reached = proxy.holdAfter("sent", 1 << 20);
    const killed = start(places[0]!, words(0));
    const closed = once(killed, "close");
    await Promise.race([reached, closed]);
    expect(killed.exitCode).toBeNull();
    killed.kill("SIGKILL");
    await closed;
    const ran = await Promise.all(places.map((place, at) => run(place, ...words(at))));
    expect(ran.map(({ said, status }) => (status === 0 ? "" : said))).toEqual(["", "", ""]);
    const joined = await run(machine(`${tag}-join`), "manifest", "push", tag);
    expect(joined).toMatchObject({ status: 0 });
    const store = openRepository({ registry: proxy.host, repository: "family/image" });
    const index = await readIndex(store, await store.resolve(tag));
    expect(index.value.manifests.map(({ platform }) => platform?.architecture)).toEqual([
      ...ARCHITECTURES,
    ]);
    const runs = [];
    for (const entry of index.value.manifests) {
      const { annotations } = (await readManifest(store, entry)).value;
      runs.push(annotations?.[AnnotationKey.runId]);
    }
    expect(new Set(runs).size).toBe(1);
    expect((await run(machine(`${tag}-again`), "manifest", "push", tag)).said).toContain(
      "nothing to do",
    );
  });

  it("is refused with the way out when each made a generation of its own", async () => {
    const places = ARCHITECTURES.map((name) => machine(`apart-${name}`, name));
    for (const [at, place] of places.entries()) {
      const made = await run(place, "assemble", "--arch", ARCHITECTURES[at]!, "--push", "apart");
      expect(made.status).toBe(0);
    }
    const joined = await run(machine("apart-join"), "manifest", "push", "apart");
    expect(joined.status).toBe(2);
    expect(joined.said).toContain("mixed-generations");
    expect(joined.said).toContain("--run-id");
  });
});
