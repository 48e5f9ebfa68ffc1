// SPDX-License-Identifier: MIT
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Descriptor } from "../../src/oci/documents/descriptor.ts";
import { openRepository, type RepositoryStore } from "../../src/registry/repository.ts";
import { serveRegistry, type RegistryServer } from "../../src/server/serve.ts";
import { copy } from "../../src/store/copy/copy.ts";
import { openLayout } from "../../src/store/layout/layout.ts";
import { startDockerRegistry, type RunningRegistry } from "./docker-registry.ts";
import { attach, writeFamily, type Family } from "./families.ts";
import { execute, runPeer } from "./peers.ts";
import { makeScratch } from "./scratch.ts";

const scratch = makeScratch();
const layout = scratch.path("layout");
const TYPE = "application/vnd.example.signature";
let server: RegistryServer;
let debian: RunningRegistry;
let family: Family;

beforeAll(async () => {
  server = await serveRegistry({ directory: scratch.path("served") });
  debian = await startDockerRegistry(scratch.path("debian"));
  family = await writeFamily(await openLayout(layout, { create: true }));
  await writeFile(scratch.path("sbom.txt"), "what is in it");
});
afterAll(async () => {
  await server.close();
  await debian.stop();
});

// docker-registry 2.8 has no referrers API: clients keep the list under a tag. Ours has the API.
type Kind = "our server" | "docker-registry";
const hostOf = (kind: Kind): string =>
  kind === "our server" ? `${server.host}:${server.port}` : debian.host;

/** Attaches a file with oras. */
async function orasAttach(reference: string, type: string): Promise<void> {
  const words = ["attach", "--plain-http", "--no-tty", "--disable-path-validation"];
  await runPeer("oras", [...words, "--artifact-type", type, reference, scratch.path("sbom.txt")]);
}

interface Discovered {
  readonly referrers?: readonly { readonly digest: string; readonly artifactType: string }[];
  readonly manifests?: readonly { readonly digest: string; readonly artifactType: string }[];
}

/** What oras says refers to an image, without what refers to that. */
async function orasDiscover(reference: string): Promise<string[]> {
  const words = ["discover", "--plain-http", "--format", "json", reference];
  const stdout = await runPeer("oras", words);
  const { referrers, manifests } = JSON.parse(stdout) as Discovered;
  return (referrers ?? manifests ?? []).map(({ digest }) => digest).sort();
}

/** Runs our built command line. Not synchronously: one of the registries is in this process. */
async function runOurs(words: readonly string[]): Promise<object> {
  const cli = join(import.meta.dirname, "../../bin/oci-kit");
  return JSON.parse(await execute(process.execPath, [cli, ...words, "--json"])) as object;
}

interface Listed {
  readonly referrers: readonly Descriptor[];
}

async function ourReferrers(reference: string, ...words: string[]): Promise<string[]> {
  const { referrers } = (await runOurs(["referrers", reference, ...words])) as Listed;
  return referrers.map(({ digest }) => digest).sort();
}

describe.each<Kind>(["our server", "docker-registry"])("referrers in %s", (kind) => {
  let at = 0;
  let store: RepositoryStore;
  let name: string;
  let image: string;

  beforeAll(async () => {
    at += 1;
    name = `${hostOf(kind)}/refer/image${at}`;
    image = `${name}:family`;
    store = openRepository({ registry: hostOf(kind), repository: `refer/image${at}` });
    await copy(await openLayout(layout), family.index, store, { tag: "family" });
  });

  it("that we push are found by oras, and those of oras by us, beside each other", async () => {
    const ours = await attach(store, family.index);
    expect(await orasDiscover(image)).toEqual([ours.digest]);
    await orasAttach(image, "application/vnd.test");
    expect(await ourReferrers(image)).toHaveLength(2);
    expect(await ourReferrers(image)).toEqual(await orasDiscover(image));
    expect(await ourReferrers(image, "--type", TYPE)).toEqual([ours.digest]);
    const other = await attach(store, family.images[0]!.descriptor);
    expect(await orasDiscover(`${name}@${family.images[0]!.descriptor.digest}`)).toEqual([
      other.digest,
    ]);
    expect(await ourReferrers(image)).toHaveLength(2);
  });

  it("that crane copies are found by us, and it reads the list that we wrote", async () => {
    const subject = family.images[1]!.descriptor;
    const ours = await attach(store, subject);
    const target = `${hostOf(kind)}/refer/crane${at}`;
    await runPeer("crane", ["copy", `${name}@${subject.digest}`, `${target}:image`]);
    await runPeer("crane", ["copy", `${name}@${ours.digest}`, `${target}:signature`]);
    expect(await ourReferrers(`${target}:image`)).toEqual([ours.digest]);
    if (kind === "our server") return;
    const tag = subject.digest.replace(":", "-");
    const stdout = await runPeer("crane", ["manifest", `${name}:${tag}`]);
    const { manifests } = JSON.parse(stdout) as { readonly manifests: readonly Descriptor[] };
    expect(manifests).toEqual([{ ...ours, artifactType: TYPE }]);
  });

  it("that we delete are gone for oras, and those of oras stay", async () => {
    const subject = family.images[2]!.descriptor;
    const reference = `${name}@${subject.digest}`;
    const ours = await attach(store, subject);
    await orasAttach(reference, "application/vnd.test");
    await runOurs(["delete", "--manifest", `${name}@${ours.digest}`]);
    const left = await orasDiscover(reference);
    expect(left).toHaveLength(1);
    expect(left).not.toContain(ours.digest);
    expect(await ourReferrers(reference)).toEqual(left);
    await runOurs(["delete", "--manifest", `${name}@${left[0]!}`]);
    expect(await orasDiscover(reference)).toEqual([]);
    expect(((await runOurs(["tags", name])) as { tags: string[] }).tags).not.toContain(
      subject.digest.replace(":", "-"),
    );
  });

  it("digests and tags are those that crane prints", async () => {
    const words = ["digest", image];
    const stdout = await runPeer("crane", words);
    expect(await runOurs(words)).toMatchObject({ digest: stdout.trim() });
    const platform = ["--platform", "linux/riscv64"];
    const one = await runPeer("crane", [...words, ...platform]);
    expect(await runOurs([...words, ...platform])).toMatchObject({ digest: one.trim() });
    const repositories = await runPeer("crane", ["catalog", hostOf(kind)]);
    expect(await runOurs(["catalog", hostOf(kind)])).toMatchObject({
      repositories: repositories.trim().split("\n").sort(),
    });
  });
});
