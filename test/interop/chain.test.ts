// SPDX-License-Identifier: MIT
import { spawn, type ChildProcess } from "node:child_process";
import { cpSync, existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { expectShape, readDocumentedShapes } from "../fixtures/json-shapes.ts";
import { serveRegistry, type RegistryServer } from "../../src/server/serve.ts";
import { writeFamily } from "./chain-family.ts";
import { runPeer, peersDirectory } from "./peers.ts";
import { startRemoteBuilder } from "./remote-builder.ts";
import { makeScratch } from "./scratch.ts";
import { startDocker, type RunningDocker } from "./start-docker.ts";

const PROGRAM = join(import.meta.dirname, "../../bin/oci-kit");

interface Told {
  readonly status: number | null;
  readonly stderr: string;
  readonly document: {
    readonly result: string;
    readonly resumed: boolean;
    readonly units: readonly {
      readonly image: string;
      readonly status: string;
      readonly digest?: string;
      readonly reasons: readonly string[];
    }[];
  };
}

const scratch = makeScratch();
const project = scratch.path("project");
let docker: RunningDocker;
let server: RegistryServer;
let image: string;
let buildxConfig: string | undefined;

beforeAll(async () => {
  docker = await startDocker(scratch.make("docker"));
  server = await serveRegistry({ directory: scratch.path("registry") });
  image = `127.0.0.1:${server.port}/family/image`;
  await writeFamily(project, image);
});
afterAll(async () => {
  await server.close();
  await docker.stop();
});

function start(words: readonly string[], directory: string, cache: string): ChildProcess {
  return spawn(PROGRAM, ["chain", ...words, "--json"], {
    cwd: directory,
    env: {
      ...process.env,
      PATH: `${peersDirectory()}:${process.env["PATH"] ?? ""}`,
      DOCKER_HOST: `unix://${docker.directory}/docker.sock`,
      OCI_KIT_CACHE: scratch.path(cache),
      ...(buildxConfig !== undefined && { BUILDX_CONFIG: buildxConfig }),
    },
  });
}

async function chain(
  words: readonly string[],
  directory = project,
  cache = "cache",
): Promise<Told> {
  const child = start(words, directory, cache);
  let stdout = "";
  let stderr = "";
  child.stdout!.on("data", (text: Buffer) => (stdout += text.toString()));
  child.stderr!.on("data", (text: Buffer) => (stderr += text.toString()));
  const status = await new Promise<number | null>((resolve) => child.once("close", resolve));
  if (stdout === "") throw new Error(`chain ${words.join(" ")}: ${stderr}`);
  return { status, stderr, document: JSON.parse(stdout) as Told["document"] };
}

/** The images by what became of them. */
function words({ document }: Told): Readonly<Record<string, readonly string[]>> {
  const found: Record<string, string[]> = {};
  for (const { image: id, status } of document.units) (found[status] ??= []).push(id);
  return found;
}

function digests({ document }: Told): Readonly<Record<string, string | undefined>> {
  return Object.fromEntries(document.units.map(({ image: id, digest }) => [id, digest]));
}

const edit = (path: string, text: string): void => writeFileSync(join(project, path), text);

it("makes a whole chain, then nothing, then just what hangs on a touched file", async () => {
  const first = await chain(["build", "--quiet"]);
  expect(first.stderr).toBe("");
  expect(words(first)).toMatchObject({ joined: ["runtime"] });
  expect(words(first)["built"]).toHaveLength(7);
  expect(words(first)["assembled"]).toHaveLength(3);
  const verified = await chain(["verify"]);
  expect(verified).toMatchObject({ status: 0, document: { ok: true, fresh: 15, unknown: 0 } });
  expect((await runPeer("crane", ["digest", `${image}:latest`])).trim()).toBe(
    digests(first)["runtime"],
  );
  const lock = readFileSync(join(project, "chain.lock"), "utf8");
  expect(lock).toContain(digests(first)["sdk-riscv64"]);

  const second = await chain(["build"]);
  expect(words(second)).toEqual({ kept: Object.keys(digests(first)) });
  expect(digests(second)).toEqual(digests(first));
  expect(second.document.units[0]?.reasons).toEqual(["nothing that it is made of has changed"]);
  expect(readFileSync(join(project, "chain.lock"), "utf8")).toBe(lock);

  edit("sdk/riscv64", "another tool of riscv64\n");
  edit("sdk/.dockerignore", "Dockerfile\n.dockerignore\n");
  const ignoring = await chain(["plan", "--why", "sdk"]);
  expect(JSON.stringify(ignoring.document)).toContain('"path":"riscv64","change":["content"]');
  const third = await chain(["build"]);
  expect(words(third)).toEqual({
    kept: ["base", "runtime-base-amd64", "runtime-base-arm64", "runtime-base-riscv64"],
    built: ["sdk-amd64", "sdk-arm64", "sdk-riscv64"],
    assembled: ["package-amd64", "package-arm64", "package-riscv64"],
    joined: ["runtime"],
  });
  const status = await chain(["status"]);
  expect(status.document).toMatchObject({ result: "done" });

  const shapes = readDocumentedShapes();
  const documents: Readonly<Record<string, Told>> = {
    "chain build": third,
    "chain build --dry-run": await chain(["build", "--dry-run"]),
    "chain plan --why": ignoring,
    "chain status": status,
  };
  for (const [row, { document }] of Object.entries(documents)) {
    expectShape(document, shapes.get(row)!, row);
  }
});

it("a fresh checkout in another directory, with another cache, has nothing to make", async () => {
  const elsewhere = scratch.path("elsewhere");
  cpSync(project, elsewhere, { recursive: true });
  rmSync(join(elsewhere, "out"), { recursive: true });
  rmSync(join(elsewhere, "chain.lock"));
  const told = await chain(["build"], elsewhere, "other-cache");
  expect(Object.keys(words(told))).toEqual(["kept"]);
});

it("an input that is what it was before is a retag, and no build", async () => {
  const before = readFileSync(join(project, "base/files/one"), "utf8");
  const old = digests(await chain(["build", "--only", "base"]))["base"];
  edit("base/files/one", "2\n");
  const changed = await chain(["build", "--only", "base"]);
  expect(words(changed)).toEqual({ built: ["base"] });
  edit("base/files/one", before);
  const back = await chain(["build", "--only", "base"]);
  expect(words(back)).toEqual({ retagged: ["base"] });
  expect(digests(back)["base"]).toBe(old);
});

it("a stage that fails stops only what hangs on it, and the next run goes on", async () => {
  const dockerfile = readFileSync(join(project, "runtime-base/Dockerfile"), "utf8");
  edit("runtime-base/Dockerfile", `${dockerfile}COPY nothing /\n`);
  edit("sdk/common", "common 2\n");
  const failed = await chain(["build"]);
  expect(failed.status).toBe(1);
  expect(words(failed)).toMatchObject({
    built: ["sdk-amd64", "sdk-arm64", "sdk-riscv64"],
    failed: ["runtime-base-amd64", "runtime-base-arm64", "runtime-base-riscv64"],
    blocked: ["package-amd64", "package-arm64", "package-riscv64", "runtime"],
  });
  expect(await chain(["status"])).toMatchObject({ status: 1, document: { result: "failed" } });
  edit("runtime-base/Dockerfile", dockerfile);
  const next = await chain(["build"]);
  expect(next).toMatchObject({ status: 0, document: { resumed: true } });
  expect(words(next)["built"]).toBeUndefined();
  expect(words(next)["joined"]).toEqual(["runtime"]);
});

it("killed at any moment, the next run makes what is missing and leaves nothing behind", async () => {
  edit("base/files/one", "3\n");
  const child = start(["build", "--progress", "json"], project, "cache");
  child.stderr!.resume();
  const status = join(project, "out/chain/status.json");
  await expect
    .poll(() => /"sdk-\w+": \{\n {3}"status": "running"/.test(readFileSync(status, "utf8")))
    .toBe(true);
  child.kill("SIGKILL");
  await new Promise((resolve) => child.once("close", resolve));
  expect(await chain(["status"])).toMatchObject({ status: 1, document: { result: "interrupted" } });
  const next = await chain(["build"]);
  expect(next).toMatchObject({ status: 0, document: { resumed: true, result: "done" } });
  expect(words(next)["kept"]).toContain("base");
  expect(await chain(["verify"])).toMatchObject({ status: 0, document: { ok: true } });
  expect(readdirSync(join(project, "out/chain/built"))).toEqual([]);
  expect(readdirSync(scratch.path("cache/contexts"))).toEqual([]);
  expect(readdirSync(join(project, "out/chain")).sort()).toEqual(["built", "logs", "status.json"]);
});

it("stopped by Ctrl-C, it says so, ends its builds, and the next run goes on", async () => {
  edit("base/files/one", "4\n");
  const child = start(["build"], project, "cache");
  let told = "";
  child.stdout!.on("data", (text: Buffer) => (told += text.toString()));
  child.stderr!.resume();
  const running = join(project, "out/chain/status.json");
  await expect
    .poll(() => /"sdk-\w+": \{\n {3}"status": "running"/.test(readFileSync(running, "utf8")))
    .toBe(true);
  child.kill("SIGINT");
  expect(await new Promise((resolve) => child.once("close", resolve))).toBe(130);
  const document = JSON.parse(told) as Told["document"];
  expect(document.result).toBe("stopped");
  expect(document.units.map((unit) => unit.status)).toContain("stopped");
  expect(await chain(["status"])).toMatchObject({ status: 1, document: { result: "stopped" } });
  expect(readdirSync(scratch.path("cache/contexts"))).toEqual([]);
  const next = await chain(["build"]);
  expect(next).toMatchObject({ status: 0, document: { resumed: true, result: "done" } });
  expect(words(next)["kept"]).toContain("base");
});

it("a variant is built beside the usual chain, from what they share", async () => {
  const before = await runPeer("crane", ["digest", `${image}:latest`]);
  const told = await chain(["build", "--variant", "gpu"]);
  expect(words(told)).toEqual({
    built: ["extra-amd64"],
    assembled: ["package-amd64"],
    joined: ["runtime"],
  });
  const files = await runPeer("crane", ["export", `${image}:latest-gpu`, "-"]);
  expect(files).toContain("what one variant has");
  expect(await runPeer("crane", ["digest", `${image}:latest`])).toBe(before);
  const verified = ["verify", "verify --variant gpu"].map((line) => chain(line.split(" ")));
  for (const one of await Promise.all(verified)) expect(one).toMatchObject({ status: 0 });
  const foreign = await chain(["build", "--variant", "gpu", "--arch", "arm64"]);
  expect(foreign.status).toBe(1);
  expect(foreign.stderr).toContain("variant gpu: expected amd64, got arm64");
});

it("mirrors are given where they are asked for, and are no reason to build", async () => {
  expect(Object.keys(words(await chain(["build", "--mirrors"])))).toEqual(["kept"]);
  const dry = ["build", "--no-cache", "--only", "base", "--dry-run"];
  const argument = "NEAR_MIRROR=http://mirror.example";
  expect(JSON.stringify(await chain([...dry, "--mirrors"]))).toContain(argument);
  expect(JSON.stringify(await chain(dry))).not.toContain(argument);
});

it("builds on another machine by platform, and a builder that is not there is named with the others", async () => {
  const remote = await startRemoteBuilder(docker, "far");
  buildxConfig = remote.config;
  try {
    const only = ["--only", "base", "--builder", "linux/riscv64=nowhere"];
    const told = await chain(["build", ...only, "--builder", "linux/amd64=far"]);
    expect(words(told)).toEqual({ built: ["base"] });
    expect(told.document.units[0]?.reasons[0]).toMatch(/^builder .*docker,.* -> .*remote,/);
    const missing = await chain(["build", ...only, "--builder", "near", "--no-cache"]);
    expect(missing).toMatchObject({ status: 1 });
    expect(JSON.stringify(missing.document)).toMatch(/a builder .*near.* got these: .*far/);
  } finally {
    buildxConfig = undefined;
    await remote.close();
  }
});

it("without a push, images are handed on by layouts, and nothing reaches the registry", async () => {
  const alone = scratch.path("alone");
  await writeFamily(alone, `${image}/alone`);
  const told = await chain(["build", "--no-push"], alone);
  expect(told.status).toBe(0);
  expect(words(told)["joined"]).toEqual(["runtime"]);
  expect(existsSync(join(alone, "out/chain/layouts/sdk-arm64/index.json"))).toBe(true);
  const published = await runPeer("crane", ["catalog", `127.0.0.1:${server.port}`]);
  expect(published.trim()).toBe("family/image");
  const again = await chain(["build", "--no-push"], alone);
  expect(Object.keys(words(again))).toEqual(["kept"]);
});
