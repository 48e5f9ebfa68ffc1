// SPDX-License-Identifier: MIT
import { spawn } from "node:child_process";
import { once } from "node:events";
import { randomBytes } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { openRepository, type RepositoryStore } from "../../src/registry/repository.ts";
import { copy } from "../../src/store/copy/copy.ts";
import { createMemoryStore } from "../../src/store/memory-store.ts";
import { buildImage } from "../../src/testing/build-image.ts";
import { startCountingProxy, type CountingProxy } from "../fixtures/counting-proxy.ts";
import { startDockerRegistry, type RunningRegistry } from "./docker-registry.ts";
import { makeScratch } from "./scratch.ts";

const CLI = join(import.meta.dirname, "../../bin/oci-kit");
const MIB = 1024 * 1024;
const scratch = makeScratch();
let registry: RunningRegistry;
let proxy: CountingProxy;
let base: string;

beforeAll(async () => {
  registry = await startDockerRegistry(scratch.path("registry"));
  proxy = await startCountingProxy(Number(registry.host.split(":")[1]));
  base = `${proxy.host}/family/base:1`;
  const memory = createMemoryStore();
  for (const [tag, name] of [
    ["1", "old"],
    ["2", "new"],
  ] as const) {
    const large = { [name]: randomBytes(8 * MIB) };
    const { descriptor } = await buildImage(memory, { layers: [large] });
    await copy(memory, descriptor, open("family/base"), { tag });
  }
  mkdirSync(scratch.path("files/opt"), { recursive: true });
  writeFileSync(scratch.path("files/opt/tool"), "a tool");
});
afterAll(async () => {
  await proxy.close();
  await registry.stop();
});

function open(repository: string): RepositoryStore {
  return openRepository({ registry: proxy.host, repository });
}

/** Runs a command that succeeds. Returns how many bytes of bodies it has sent. */
async function sentBy(...words: string[]): Promise<number> {
  const before = proxy.requests.length;
  const env = { ...process.env, OCI_KIT_CACHE: scratch.path("cache") };
  const child = spawn(process.execPath, [CLI, ...words], {
    env,
    stdio: ["ignore", "ignore", "pipe"],
  });
  let said = "";
  child.stderr.on("data", (chunk: Buffer) => (said += chunk.toString()));
  await once(child, "close");
  expect([child.exitCode, said]).toEqual([0, expect.anything()]);
  return proxy.requests.slice(before).reduce((sum, { sent }) => sum + sent, 0);
}

/** Documents and small layers. */
const LITTLE = 16 * 1024;
const assembled = (output: string): string[] => [
  ...["assemble", "--arch", "amd64", "--base", base],
  ...["--artifact", `dir:${scratch.path("files")}`, "--copy", "/opt", "--output", output],
];

it("a base that stands in another repository of the registry is not sent by append, assemble, pack and rebase", async () => {
  const layer = ["--layer", scratch.path("files")];
  expect(await sentBy("append", base, `${proxy.host}/family/appended:1`, ...layer)).toBeLessThan(
    LITTLE,
  );
  expect(await sentBy(...assembled(`${proxy.host}/family/assembled:1`))).toBeLessThan(LITTLE);
  const packed = `${proxy.host}/family/packed:1`;
  expect(await sentBy("pack", scratch.path("files"), packed, "--base", base)).toBeLessThan(LITTLE);
  const bases = ["--old-base", base, "--new-base", base.replace(/1$/, "2")];
  const appended = `${proxy.host}/family/appended:1`;
  const rebased = `${proxy.host}/family/rebased:1`;
  expect(await sentBy("rebase", appended, rebased, ...bases)).toBeLessThan(LITTLE);
  for (const name of ["appended", "assembled", "packed", "rebased"]) {
    const image = createMemoryStore();
    const store = open(`family/${name}`);
    await copy(store, await store.resolve("1"), image, { tag: "1" });
  }
});

it("the base of a layout is not sent either, where the image says what it was made on", async () => {
  const output = `oci:${scratch.path("out")}`;
  await sentBy(...assembled(output));
  expect(await sentBy("copy", output, `${proxy.host}/family/copied:1`)).toBeLessThan(LITTLE);
  const store = open("family/copied");
  await copy(store, await store.resolve("1"), createMemoryStore(), { tag: "1" });
});
