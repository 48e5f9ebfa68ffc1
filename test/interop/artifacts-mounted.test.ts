// SPDX-License-Identifier: MIT
import { spawn } from "node:child_process";
import { once } from "node:events";
import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readImage, type Image } from "../../src/image/image.ts";
import { openRepository } from "../../src/registry/repository.ts";
import { openImageFilesystem } from "../../src/rootfs/image-filesystem.ts";
import { serveRegistry } from "../../src/server/serve.ts";
import { openLayout } from "../../src/store/layout/layout.ts";
import { buildImage, type LayerFile, type LayerFiles } from "../../src/testing/build-image.ts";
import { startCountingProxy, type CountingProxy } from "../fixtures/counting-proxy.ts";
import { startDockerRegistry } from "./docker-registry.ts";
import { runPeer } from "./peers.ts";
import { makeScratch } from "./scratch.ts";

const CLI = join(import.meta.dirname, "../../bin/oci-kit");
const scratch = makeScratch();

/** What `assemble` is run on: a layer a row, in a registry behind a proxy that counts. */
interface Place {
  readonly proxy: CountingProxy;
  stop(): Promise<void>;
}

const PARTS = ["gcc", "media", "models"] as const;

/** A tree with files of 4 to 64 KiB that do not compress, as most of what is compiled does little. */
function part(name: string): LayerFiles {
  const files: Record<string, LayerFile> = {
    "opt/": "",
    [`opt/${name}/`]: "",
    [`opt/${name}/lib/`]: "",
  };
  for (let at = 0; at < 150; at += 1) {
    files[`opt/${name}/lib/file${at}`] = { content: randomBytes(4096 * (1 + (at % 16))) };
  }
  return files;
}

async function fillRegistry(host: string): Promise<void> {
  const base = await openLayout(scratch.path("base"), { create: true });
  const system = { "etc/": "", "etc/os-release": "NAME=test", "usr/": "", "usr/bin/": "" };
  const large = { "usr/bin/busy": { content: randomBytes(2 * 1024 * 1024) } };
  await buildImage(base, { layers: [system, { ...large, "usr/": "", "usr/bin/": "" }], tag: "1" });
  const parts = await openLayout(scratch.path("parts"), { create: true });
  await buildImage(parts, { layers: PARTS.map(part), tag: "1" });
  for (const name of ["base", "parts"]) {
    await runPeer("skopeo", [
      ...["copy", "-q", "--dest-compress-format", "zstd:chunked", "--dest-force-compress-format"],
      ...["--dest-tls-verify=false", `oci:${scratch.path(name)}:1`],
      `docker://${host}/family/${name}:1`,
    ]);
  }
}

async function startPlace(kind: string): Promise<Place> {
  const registry =
    kind === "docker-registry"
      ? await startDockerRegistry(scratch.path(kind))
      : await serveRegistry({ directory: scratch.make(kind), port: 0 }).then((server) => ({
          host: `127.0.0.1:${server.port}`,
          stop: () => server.close(),
        }));
  const proxy = await startCountingProxy(Number(registry.host.split(":")[1]));
  await fillRegistry(proxy.host);
  return {
    proxy,
    async stop() {
      await proxy.close();
      await registry.stop();
    },
  };
}

async function run(cache: string, ...words: string[]): Promise<string> {
  const env = { ...process.env, OCI_KIT_CACHE: scratch.path(cache) };
  const child = spawn(process.execPath, [CLI, ...words], {
    env,
    stdio: ["ignore", "pipe", "pipe"],
  });
  let said = "";
  let failed = "";
  child.stdout.on("data", (chunk: Buffer) => (said += chunk.toString()));
  child.stderr.on("data", (chunk: Buffer) => (failed += chunk.toString()));
  await once(child, "close");
  expect([child.exitCode, failed]).toEqual([0, expect.anything()]);
  return said;
}

function recipe(host: string, output: string, artifact = `${host}/family/parts:1`): string[] {
  return [
    ...["assemble", "--arch", "amd64", "--base", `${host}/family/base:1`, "--artifact", artifact],
    ...PARTS.flatMap((name) => ["--copy", `/opt/${name}`]),
    ...["--output", output, "--json"],
  ];
}

function trusting(host: string, name: string): string[] {
  return [...recipe(host, `${host}/family/${name}:1`), "--trust-tables"];
}

async function pull(host: string, repository: string): Promise<Image> {
  const store = openRepository({ registry: host, repository });
  return readImage(store, await store.resolve("1"));
}

describe.each(["docker-registry", "oci-kit serve"])("in %s, from an empty cache", (kind) => {
  let place: Place;
  beforeAll(async () => {
    place = await startPlace(kind);
  });
  afterAll(() => place.stop());

  it("an image whose artifacts stand there, a layer a row, moves less than 1 % of its bytes in either direction", async () => {
    const { proxy } = place;
    const before = proxy.requests.length;
    const said = await run("cold", ...trusting(proxy.host, "runtime"));
    const counted = proxy.requests.slice(before);
    const sent = counted.reduce((sum, request) => sum + request.sent, 0);
    const received = counted.reduce((sum, request) => sum + request.received, 0);
    const image = await pull(proxy.host, "family/runtime");
    const bytes = image.manifest.value.layers.reduce((sum, { size }) => sum + size, 0);
    expect(bytes).toBeGreaterThan(10_000_000);
    expect(sent / bytes).toBeLessThan(0.01);
    expect(received / bytes).toBeLessThan(0.01);
    const parts = await pull(proxy.host, "family/parts");
    const [whole, theirs] = [await openImageFilesystem(image), await openImageFilesystem(parts)];
    const opt = (root: typeof whole): unknown[] =>
      [...root.paths()]
        .filter(([path]) => path.startsWith("/opt/"))
        .map(([path, { type, mode, mtime, contentDigest }]) => [
          ...[path, type, mode, mtime, contentDigest],
        ]);
    expect(opt(whole)).toEqual(opt(theirs));
    expect(opt(whole)).toHaveLength(3 * 152);
    const digests = image.manifest.value.layers.map(({ digest }) => digest);
    expect(digests.slice(-3)).toEqual(parts.manifest.value.layers.map(({ digest }) => digest));
    expect(JSON.parse(said)).toMatchObject({
      images: [
        {
          layers: PARTS.map(() => ({ action: "mounted", artifact: "artifact" })),
          warnings: [{ kind: "trusted-tables", where: "artifact" }],
        },
      ],
    });
  });

  it("without trust in tables the layers are read once, and a machine that has read them moves less than 1 % again", async () => {
    const { proxy } = place;
    const count = async (name: string): Promise<number> => {
      const before = proxy.requests.length;
      const output = `${proxy.host}/family/${name}:1`;
      const said = await run("read", ...recipe(proxy.host, output));
      expect(JSON.parse(said)).toMatchObject({
        images: [{ warnings: [], layers: PARTS.map(() => ({ action: "mounted" })) }],
      });
      const counted = proxy.requests.slice(before);
      return counted.reduce((sum, { sent, received }) => sum + sent + received, 0);
    };
    const image = await pull(proxy.host, "family/parts");
    const bytes = image.manifest.value.layers.reduce((sum, { size }) => sum + size, 0);
    expect(await count("first")).toBeGreaterThan(bytes);
    expect((await count("second")) / bytes).toBeLessThan(0.01);
  });

  it("a dry run says so before, and a layer that goes elsewhere is read and copied as it stands", async () => {
    const { proxy } = place;
    const planned = trusting(proxy.host, "planned");
    const said: unknown = JSON.parse(await run("dry", ...planned, "--dry-run"));
    const mounted = Array.from({ length: 5 }, () => ({ action: "mounted" }));
    expect(said).toMatchObject({
      images: [{ base: mounted.slice(3), layers: mounted.slice(0, 3), sentBytes: 0 }],
    });
    const output = `oci:${scratch.path(`out-${kind}`)}`;
    await run("elsewhere", ...recipe(proxy.host, output));
    const store = await openLayout(scratch.path(`out-${kind}`));
    const [root] = await store.capabilities.roots();
    const { layers } = (await readImage(store, root!)).manifest.value;
    const parts = await pull(proxy.host, "family/parts");
    expect(layers.slice(2)).toEqual(parts.manifest.value.layers);
  });
});
