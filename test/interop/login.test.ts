// SPDX-License-Identifier: MIT
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openRepository } from "../../src/registry/repository.ts";
import { copy } from "../../src/store/copy/copy.ts";
import { openLayout } from "../../src/store/layout/layout.ts";
import { writeKeepingHelper } from "../fixtures/credential-helper.ts";
import { startDockerRegistry, type RunningRegistry } from "./docker-registry.ts";
import { writeFamily } from "./families.ts";
import { execute, peersDirectory, runPeer } from "./peers.ts";
import { startDocker } from "./start-docker.ts";
import { makeScratch } from "./scratch.ts";

const CLI = join(import.meta.dirname, "../../bin/oci-kit");
const USER = { username: "someone", password: "s3cret:with colon" };
const scratch = makeScratch();
let registry: RunningRegistry;
let digest: string;

beforeAll(async () => {
  const file = scratch.path("htpasswd");
  writeFileSync(file, await execute("htpasswd", ["-Bbn", USER.username, USER.password]));
  registry = await startDockerRegistry(scratch.path("registry"), {
    htpasswd: { realm: "test", path: file },
  });
  const layout = await openLayout(scratch.path("layout"), { create: true });
  const family = await writeFamily(layout);
  const target = openRepository(
    { registry: registry.host, repository: "a/b" },
    { credentials: USER },
  );
  await copy(layout, family.index, target, { tag: "family" });
  digest = family.index.digest;
});
afterAll(() => registry.stop());

type Variables = Readonly<Record<string, string>>;

/** A home of its own, in which nothing of this machine is found. */
function makeHome(name: string): Variables {
  const home = scratch.make(name);
  return {
    HOME: home,
    XDG_RUNTIME_DIR: home,
    DOCKER_CONFIG: join(home, ".docker"),
    REGISTRY_AUTH_FILE: "",
    PATH: `${join(home, "bin")}:${peersDirectory()}:${process.env["PATH"] ?? ""}`,
  };
}

function cli(env: Variables, input: string, ...words: string[]) {
  return spawnSync(process.execPath, [CLI, ...words], {
    env: { ...process.env, ...env },
    input,
    encoding: "utf8",
  });
}

function logIn(env: Variables): void {
  const words = ["login", registry.host, "-u", USER.username, "--password-stdin"];
  expect(cli(env, `${USER.password}\n`, ...words)).toMatchObject({ status: 0, stderr: "" });
}

/** Every peer that can read the index with the credentials of this home. */
async function readers(env: Variables): Promise<string[]> {
  const image = `${registry.host}/a/b:family`;
  const calls = {
    skopeo: ["inspect", "--raw", "--tls-verify=false", `docker://${image}`],
    crane: ["manifest", image],
    oras: ["manifest", "fetch", "--plain-http", image],
    docker: ["manifest", "inspect", "--insecure", image],
  } as const;
  const able: string[] = [];
  for (const [name, words] of Object.entries(calls)) {
    const read = runPeer(name as keyof typeof calls, words, { env });
    await read.then(
      () => able.push(name),
      () => undefined,
    );
  }
  return able;
}

describe("what oci-kit login keeps", () => {
  it("in the file is read by skopeo, crane, oras and docker, until oci-kit logout", async () => {
    const env = makeHome("ours-in-file");
    expect(await readers(env)).toEqual([]);
    logIn(env);
    expect(await readers(env)).toEqual(["skopeo", "crane", "oras", "docker"]);
    expect(cli(env, "", "inspect", `${registry.host}/a/b:family`).stdout).toContain(digest);
    expect(cli(env, "", "logout", registry.host).status).toBe(0);
    expect(await readers(env)).toEqual([]);
  });

  it("with a credential helper is read by crane, oras and docker", async () => {
    const env = makeHome("ours-in-helper");
    const helper = writeKeepingHelper(join(env["HOME"]!, "bin"), "keep");
    const config = join(env["DOCKER_CONFIG"]!, "config.json");
    mkdirSync(dirname(config));
    writeFileSync(config, JSON.stringify({ credsStore: "keep" }));
    logIn(env);
    expect(readFileSync(config, "utf8")).not.toMatch(/auth"/);
    expect(helper.calls()).toEqual([`store ${registry.host}`]);
    expect(await readers(env)).toEqual(["crane", "oras", "docker"]);
  });

  it("is asked for on a real terminal, and not shown there", async () => {
    const env = makeHome("ours-from-terminal");
    const command = `"${process.execPath}" "${CLI}" login ${registry.host}`;
    const child = spawn("script", ["-qec", command, "/dev/null"], {
      env: { ...process.env, ...env },
    });
    let shown = "";
    child.stdout.on("data", (chunk: Buffer) => {
      const before = shown;
      shown += chunk.toString();
      const asks = (text: string): boolean => shown.includes(text) && !before.includes(text);
      if (asks("User name at")) child.stdin.write(`${USER.username}\r`);
      if (asks("Password of")) child.stdin.write(`${USER.password}X\u007f\r`);
    });
    const [status] = (await once(child, "exit")) as [number];
    expect(shown).toContain(`logged in to ${registry.host}`);
    expect(shown).not.toContain("s3cret");
    expect(status).toBe(0);
    expect(await readers(env)).toContain("crane");
  });
});

describe("what a peer's login keeps is read by us", () => {
  const user = (): string[] => ["-u", USER.username, "-p", USER.password, registry.host];
  it.each([
    ["skopeo", () => ["login", "--tls-verify=false", ...user()]],
    ["crane", () => ["auth", "login", ...user()]],
    ["oras", () => ["login", "--plain-http", ...user()]],
  ] as const)("%s, in its own place", async (peer, words) => {
    for (const helper of [false, true]) {
      const env = makeHome(`theirs-${peer}-${String(helper)}`);
      if (helper) {
        writeKeepingHelper(join(env["HOME"]!, "bin"), "keep");
        mkdirSync(env["DOCKER_CONFIG"]!);
        const config = { credHelpers: { [registry.host]: "keep" } };
        writeFileSync(join(env["DOCKER_CONFIG"]!, "config.json"), JSON.stringify(config));
      }
      await runPeer(peer, words(), { env });
      const { stdout, stderr } = cli(env, "", "inspect", `${registry.host}/a/b:family`);
      expect(stderr).toBe("");
      expect(stdout).toContain(digest);
    }
  });

  it("docker, through its daemon", async () => {
    const docker = await startDocker(scratch.make("dockerd"));
    try {
      const env = makeHome("theirs-docker");
      const socket = { DOCKER_HOST: `unix://${join(docker.directory, "docker.sock")}` };
      await runPeer("docker", ["login", ...user()], { env: { ...env, ...socket } });
      const { stdout, stderr } = cli(env, "", "inspect", `${registry.host}/a/b:family`);
      expect(stderr).toBe("");
      expect(stdout).toContain(digest);
    } finally {
      await docker.stop();
    }
  });
});
