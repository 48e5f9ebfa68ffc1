// SPDX-License-Identifier: MIT
import { cp } from "node:fs/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { digestBytes } from "../../src/bytes/hash.ts";
import type { Descriptor } from "../../src/oci/documents/descriptor.ts";
import { MediaType } from "../../src/oci/media-types.ts";
import { openRepository, type RepositoryStore } from "../../src/registry/repository.ts";
import { serveRegistry, type RegistryServer } from "../../src/server/serve.ts";
import { copy } from "../../src/store/copy/copy.ts";
import { openLayout } from "../../src/store/layout/layout.ts";
import { startDockerRegistry, type RunningRegistry } from "./docker-registry.ts";
import { ARCHITECTURES, attach, PLATFORMS, writeFamily, type Family } from "./families.ts";
import { factsByTar, readAllOf } from "./images.ts";
import { runPeer } from "./peers.ts";
import { makeScratch } from "./scratch.ts";
import { withoutTimes } from "./tree-facts.ts";

const scratch = makeScratch();
let server: RegistryServer;
let debian: RunningRegistry;
let family: Family;
const layout = scratch.path("layout");

beforeAll(async () => {
  server = await serveRegistry({ directory: scratch.path("served") });
  debian = await startDockerRegistry(scratch.path("debian"));
  family = await writeFamily(await openLayout(layout, { create: true }));
});
afterAll(async () => {
  await server.close();
  await debian.stop();
});

interface Inspection {
  readonly Digest: string;
  readonly Architecture: string;
  readonly RepoTags: string[];
}

const TAGS = [...ARCHITECTURES, "family"].sort();

type Kind = "our server" | "docker-registry";
const KINDS: readonly Kind[] = ["our server", "docker-registry"];
const hostOf = (kind: Kind): string =>
  kind === "our server" ? `${server.host}:${server.port}` : debian.host;

function repository(kind: Kind, name: string): RepositoryStore {
  return openRepository({ registry: hostOf(kind), repository: name });
}

/** Fails unless our client finds the whole family under a tag. */
async function expectFamily(kind: Kind, name: string, tag: string): Promise<void> {
  const store = repository(kind, name);
  const root = await store.resolve(tag);
  expect(root.digest).toBe(family.index.digest);
  for (const platform of PLATFORMS) {
    const theirs = await readAllOf(`${hostOf(kind)}/${name}:${tag}`, platform);
    expect(theirs.facts).toEqual((await readAllOf(`oci:${layout}:${platform.architecture}`)).facts);
  }
}

describe.each(KINDS)("what peers push to %s is read by our client", (kind) => {
  it("from skopeo", async () => {
    const target = `docker://${hostOf(kind)}/by/skopeo:family`;
    const flags = ["--all", "--preserve-digests", "--dest-tls-verify=false"];
    await runPeer("skopeo", ["copy", ...flags, `oci:${layout}:family`, target]);
    await expectFamily(kind, "by/skopeo", "family");
  });

  it("from skopeo, in Docker's format", async () => {
    const target = `docker://${hostOf(kind)}/by/skopeo:docker`;
    const flags = ["--all", "--format", "v2s2", "--dest-tls-verify=false"];
    await runPeer("skopeo", ["copy", ...flags, `oci:${layout}:family`, target]);
    for (const platform of PLATFORMS) {
      const theirs = await readAllOf(`${hostOf(kind)}/by/skopeo:docker`, platform);
      expect(theirs.image.manifest.value.mediaType).toBe(MediaType.dockerManifest);
      const ours = await readAllOf(`oci:${layout}:${platform.architecture}`);
      expect(theirs.facts).toEqual(ours.facts);
    }
  });

  it("from crane", async () => {
    const single = scratch.path(`single ${kind}`);
    const store = await openLayout(single, { create: true });
    await copy(await openLayout(layout), family.index, store);
    await runPeer("crane", ["push", single, `${hostOf(kind)}/by/crane:family`]);
    await expectFamily(kind, "by/crane", "family");
    await runPeer("crane", ["tag", `${hostOf(kind)}/by/crane:family`, "again"]);
    expect(await repository(kind, "by/crane").capabilities.tags()).toEqual(["again", "family"]);
  });

  it("from oras, with a referrer", async () => {
    const target = `${hostOf(kind)}/by/oras`;
    const from = ["cp", "--no-tty", "--from-oci-layout", `${layout}:family`];
    await runPeer("oras", [...from, "--to-plain-http", `${target}:family`]);
    await expectFamily(kind, "by/oras", "family");
    const words = ["attach", "--plain-http", "--no-tty", "--artifact-type", "application/vnd.test"];
    const annotated = ["--annotation", "test=yes", `${target}:family`];
    await runPeer("oras", [...words, ...annotated]);
    const { referrers } = repository(kind, "by/oras").capabilities;
    const found = await referrers(family.index.digest);
    expect(
      found.map(({ artifactType, annotations }) => [artifactType, annotations?.["test"]]),
    ).toEqual([["application/vnd.test", "yes"]]);
  });
});

describe.each(KINDS)("what our client pushes to %s is read by peers", (kind) => {
  let store: RepositoryStore;
  let name: string;

  beforeAll(async () => {
    store = repository(kind, "ours/family");
    name = `${hostOf(kind)}/ours/family`;
    await copy(await openLayout(layout), family.index, store, { tag: "family" });
    for (const [at, { descriptor }] of family.images.entries()) {
      await store.tag(descriptor, ARCHITECTURES[at]!);
    }
  });

  it("skopeo inspects it, lists tags and copies it", async () => {
    const inspect = ["inspect", "--tls-verify=false", `docker://${name}:riscv64`];
    const told = JSON.parse(await runPeer("skopeo", inspect)) as Inspection;
    expect(told.Digest).toBe(family.images[2]!.descriptor.digest);
    expect(told.Architecture).toBe("riscv64");
    expect(told.RepoTags.sort()).toEqual(TAGS);
    const target = scratch.path(`skopeo ${kind}`);
    const flags = ["--all", "--preserve-digests", "--src-tls-verify=false"];
    await runPeer("skopeo", ["copy", ...flags, `docker://${name}:family`, `oci:${target}:x`]);
    expect((await (await openLayout(target)).resolve("x")).digest).toBe(family.index.digest);
  });

  it("crane gets its digest, lists tags, validates and exports it", async () => {
    expect((await runPeer("crane", ["digest", `${name}:family`])).trim()).toBe(family.index.digest);
    expect((await runPeer("crane", ["ls", name])).trim().split("\n").sort()).toEqual(TAGS);
    await runPeer("crane", ["validate", "--remote", `${name}:family`]);
    const tar = scratch.path(`${kind}.tar`);
    await runPeer("crane", ["export", "--platform", "linux/arm64", `${name}:family`, tar]);
    const exported = factsByTar("tar", tar, scratch.make(`exported ${kind}`));
    const { facts } = await readAllOf(`oci:${layout}:arm64`);
    expect(exported).toEqual({ ...facts, "/": exported["/"] });
  });

  it("crane pulls it in each of its formats", async () => {
    for (const format of ["oci", "tarball", "legacy"]) {
      const to = scratch.path(`crane ${format} ${kind}`);
      await runPeer("crane", ["pull", "--format", format, `${name}:amd64`, to]);
      const { image, facts } = await readAllOf(
        `${format === "oci" ? "oci" : "docker-archive"}:${to}`,
      );
      const ours = await readAllOf(`oci:${layout}:amd64`);
      expect(image.config.descriptor.digest).toBe(ours.image.config.descriptor.digest);
      expect(withoutTimes(facts)).toEqual(withoutTimes(ours.facts));
      if (format === "oci") expect(image.descriptor.digest).toBe(ours.image.descriptor.digest);
    }
  });

  it("oras lists tags, fetches and backs it up", async () => {
    const tags = await runPeer("oras", ["repo", "tags", "--plain-http", name]);
    expect(tags.trim().split("\n").sort()).toEqual(TAGS);
    const fetched = await runPeer("oras", ["manifest", "fetch", "--plain-http", `${name}:family`]);
    expect(digestBytes(new TextEncoder().encode(fetched))).toBe(family.index.digest);
    for (const output of [scratch.path(`backup ${kind}`), scratch.path(`backup ${kind}.tar`)]) {
      const backup = ["backup", "--plain-http", "--no-tty", "--include-referrers"];
      await runPeer("oras", [...backup, "--output", output, `${name}:family`]);
      const location = output.endsWith(".tar") ? `oci-archive:${output}` : `oci:${output}`;
      const { image, facts } = await readAllOf(`${location}:family`, PLATFORMS[0]);
      expect(facts).toEqual((await readAllOf(`oci:${layout}:amd64`)).facts);
      expect(image.descriptor.digest).toBe(family.images[0]!.descriptor.digest);
    }
  });
});

it("oras discovers a referrer that we attach at our server", async () => {
  const store = repository("our server", "ours/attached");
  await copy(await openLayout(layout), family.images[0]!.descriptor, store, { tag: "amd64" });
  const artifact = await attach(store, family.images[0]!.descriptor);
  const name = `${hostOf("our server")}/ours/attached:amd64`;
  const words = ["discover", "--plain-http", "--format", "json", name];
  const told = JSON.parse(await runPeer("oras", words)) as { referrers: Descriptor[] };
  expect(told.referrers.map(({ digest }) => digest)).toEqual([artifact.digest]);
});

describe("repositories of our server are apart", () => {
  const place = (name: string): string => `${hostOf("our server")}/${name}`;
  const digestOf = (): string => family.images[0]!.descriptor.digest;
  const copyTo = (name: string): Promise<string> =>
    runPeer("crane", ["copy", `${place("ours/family")}:amd64`, `${place(name)}:1`]);

  it("crane copies an image by mounts, deletes it in one repository, and pulls it from the other", async () => {
    await copyTo("apart/one");
    await copyTo("apart/two");
    await runPeer("crane", ["delete", `${place("apart/one")}@${digestOf()}`]);
    await expect(runPeer("crane", ["digest", `${place("apart/one")}:1`])).rejects.toThrow();
    await runPeer("crane", ["validate", "--remote", `${place("apart/two")}:1`]);
    await copyTo("apart/one");
    await runPeer("crane", ["validate", "--remote", `${place("apart/one")}:1`]);
  });

  it("skopeo deletes an image that an index of another repository names", async () => {
    await copyTo("apart/three");
    const flags = ["--tls-verify=false", `docker://${place("apart/three")}:1`];
    await runPeer("skopeo", ["delete", ...flags]);
    await runPeer("crane", ["validate", "--remote", `${place("ours/family")}:family`]);
  });

  it("oras deletes a blob of one repository, which another keeps", async () => {
    await copyTo("apart/four");
    await copyTo("apart/five");
    const [layer] = (await readAllOf(`${place("apart/five")}:1`)).image.manifest.value.layers;
    const words = ["blob", "delete", "--plain-http", "--force"];
    await runPeer("oras", [...words, `${place("apart/four")}@${layer!.digest}`]);
    await runPeer("crane", ["validate", "--remote", `${place("apart/five")}:1`]);
  });

  it("skopeo and umoci read its directory as an ordinary layout", async () => {
    await copyTo("apart/six");
    const served = scratch.path("served");
    const target = scratch.path("from served");
    await runPeer("skopeo", ["copy", `oci:${served}:apart/six:1`, `oci:${target}:x`]);
    expect((await (await openLayout(target)).resolve("x")).digest).toBe(digestOf());
    const listed = await runPeer("umoci", ["list", "--layout", served]);
    expect(listed.split("\n")).toContain("apart/six:1");
  });

  it("umoci collects garbage in a copy of its directory, and what has tags is still served", async () => {
    await copyTo("apart/seven");
    const copied = scratch.path("copied");
    await cp(scratch.path("served"), copied, { recursive: true });
    await runPeer("umoci", ["gc", "--layout", copied]);
    const again = await serveRegistry({ directory: copied });
    const name = `${again.host}:${again.port}/apart/seven:1`;
    await runPeer("crane", ["validate", "--remote", name]).finally(() => again.close());
  });

  it("our client copies a repository from and to docker-registry", async () => {
    const ours = repository("our server", "ours/family");
    const theirs = repository("docker-registry", "apart/family");
    await copy(ours, family.index, theirs, { tag: "family" });
    await copy(theirs, family.index, repository("our server", "apart/back"), { tag: "family" });
    await expectFamily("our server", "apart/back", "family");
  });
});
