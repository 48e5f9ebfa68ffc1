// SPDX-License-Identifier: MIT
import { spawnSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  makeAuthority,
  makeCertificate,
  type Pair,
} from "../fixtures/network/signed-certificates.ts";
import { openLayout } from "../../src/store/layout/layout.ts";
import { startDockerRegistry, type RunningRegistry } from "./docker-registry.ts";
import { writeFamily } from "./families.ts";
import { peer } from "./peers.ts";
import { makeScratch } from "./scratch.ts";

const scratch = makeScratch();
const CLI = join(import.meta.dirname, "../../bin/oci-kit");
const layout = scratch.path("layout");
let authority: Pair;
let registry: RunningRegistry;
let mirror: RunningRegistry;
/** A home directory with `certs.d` for the registry, authority and client certificate. */
const home = scratch.make("home");
const bare = scratch.make("bare-home");

function write(directory: string, files: Readonly<Record<string, string>>): string {
  mkdirSync(directory, { recursive: true });
  for (const [name, text] of Object.entries(files)) writeFileSync(join(directory, name), text);
  return directory;
}

beforeAll(async () => {
  await writeFamily(await openLayout(layout, { create: true }));
  authority = await makeAuthority();
  const server = await makeCertificate(["127.0.0.1", "localhost"], { by: authority });
  const client = await makeCertificate(["someone"], { by: authority });
  const files = write(scratch.path("tls"), {
    ...{ "cert.pem": server.cert, "key.pem": server.key, "ca.pem": authority.cert },
  });
  const tls = {
    ...{ certificate: `${files}/cert.pem`, key: `${files}/key.pem` },
    clientcas: [`${files}/ca.pem`],
  };
  registry = await startDockerRegistry(scratch.path("registry"), undefined, tls);
  mirror = await startDockerRegistry(scratch.path("mirror"));
  write(join(home, ".config/containers/certs.d", registry.host), {
    ...{ "ca.crt": authority.cert, "client.cert": client.cert, "client.key": client.key },
  });
});
afterAll(async () => {
  await registry.stop();
  await mirror.stop();
});

interface Ran {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}
function run(
  program: string,
  words: readonly string[],
  env: Readonly<Record<string, string>>,
): Ran {
  const node = program === CLI ? [process.execPath, [CLI, ...words]] : [program, words];
  const [command, given] = node as [string, string[]];
  return spawnSync(command, given, {
    encoding: "utf8",
    env: { PATH: process.env["PATH"], HOME: bare, NODE_OPTIONS: "", ...env },
  });
}
const kit = (words: readonly string[], env: Readonly<Record<string, string>> = {}): Ran =>
  run(CLI, words, env);
const skopeo = (words: readonly string[], env: Readonly<Record<string, string>> = {}): Ran =>
  run(peer("skopeo"), words, env);
const crane = (words: readonly string[], env: Readonly<Record<string, string>> = {}): Ran =>
  run(peer("crane"), words, env);

describe("docker-registry with TLS and client certificates", () => {
  it("takes our push with the certs.d that skopeo reads, and each reads what the other pushed", () => {
    const pushed = kit(["copy", `oci:${layout}:family`, `${registry.host}/ours/a:v1`], {
      HOME: home,
    });
    expect(pushed.stderr).not.toMatch(/try:/);
    expect(pushed.status).toBe(0);
    const read = skopeo(["inspect", "--raw", `docker://${registry.host}/ours/a:v1`], {
      HOME: home,
    });
    expect(read.status, read.stderr).toBe(0);
    const again = skopeo(
      [
        ...["copy", "--all", "--insecure-policy"],
        ...[`docker://${registry.host}/ours/a:v1`, `docker://${registry.host}/theirs/a:v1`],
      ],
      { HOME: home },
    );
    expect(again.status, again.stderr).toBe(0);
    const tags = kit(["tags", `${registry.host}/theirs/a`], { HOME: home });
    expect(tags.stdout).toBe("v1\n");
  });
  it("is refused by both without the certs.d, and ours says which file would help", () => {
    const failed = kit(["tags", `${registry.host}/ours/a`]);
    expect(failed.status).toBe(1);
    expect(failed.stderr).toContain(`/etc/containers/certs.d/${registry.host}/ca.crt`);
    expect(skopeo(["list-tags", `docker://${registry.host}/ours/a`]).status).toBe(1);
  });
  it.each([
    ["--ca", (): string[] => ["--ca", scratch.path("tls/ca.pem")], {}],
    ["--insecure", (): string[] => ["--insecure"], {}],
    ["SSL_CERT_FILE", (): string[] => [], { SSL_CERT_FILE: "ca.pem" }],
    ["NODE_EXTRA_CA_CERTS", (): string[] => [], { NODE_EXTRA_CA_CERTS: "ca.pem" }],
  ])(
    "asks for the client certificate when only its own is trusted by %s",
    (_, flags, variables) => {
      const env = Object.fromEntries(
        Object.entries(variables).map(([name, file]) => [name, scratch.path(`tls/${file}`)]),
      );
      const failed = kit(["tags", `${registry.host}/ours/a`, ...flags()], env);
      expect(failed.stderr).toContain(`/etc/containers/certs.d/${registry.host}/client.cert`);
      if ("SSL_CERT_FILE" in variables) {
        const theirs = crane(["ls", `${registry.host}/ours/a`], env);
        expect(theirs.status).toBe(1);
        expect(theirs.stderr).not.toMatch(/unknown authority/);
      }
    },
  );
});

describe("one registries.conf", () => {
  const conf = (text: string): string => {
    const file = scratch.path("registries.conf");
    writeFileSync(file, text);
    return file;
  };
  const both = (file: string, reference: string): [Ran, Ran] => [
    kit(["inspect", "--json", reference], { CONTAINERS_REGISTRIES_CONF: file }),
    skopeo(["--registries-conf", file, "inspect", "--raw", `docker://${reference}`]),
  ];
  it("leads skopeo and us to the same mirror, over one that is dead", () => {
    kit(["copy", `oci:${layout}:family`, `${mirror.host}/m/a:v1`]);
    const file = conf(`
      [[registry]]
      prefix = "registry.invalid/team"
      location = "registry.invalid/team"
      [[registry.mirror]]
      location = "127.0.0.1:1/dead"
      [[registry.mirror]]
      location = "${mirror.host}/m"
      insecure = true`);
    const [ours, theirs] = both(file, "registry.invalid/team/a:v1");
    expect(ours.status, ours.stderr).toBe(0);
    expect(ours.stderr).toMatch(/mirror 127\.0\.0\.1:1\/dead\/a: .*ECONNREFUSED.*asking the next/);
    expect(theirs.status, theirs.stderr).toBe(0);
  });
  it("moves a reference, and refuses what it blocks, for both", () => {
    const file = conf(`
      [[registry]]
      prefix = "*.invalid"
      location = "${mirror.host}/m"
      insecure = true
      [[registry]]
      prefix = "blocked.invalid"
      location = "blocked.invalid"
      blocked = true`);
    for (const one of both(file, "any.invalid/a:v1")) expect(one.status, one.stderr).toBe(0);
    const refused = both(file, "blocked.invalid/a:v1");
    for (const one of refused) {
      expect(one.status).toBe(1);
      expect(one.stderr).toContain("blocked");
    }
  });
});
