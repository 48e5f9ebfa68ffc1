// SPDX-License-Identifier: MIT
import { readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { listImages } from "../../src/image/list-images.ts";
import { copy } from "../../src/store/copy/copy.ts";
import { openLayout } from "../../src/store/layout/layout.ts";
import { createMemoryStore } from "../../src/store/memory-store.ts";
import { startDockerRegistry, type RunningRegistry } from "./docker-registry.ts";
import { ARCHITECTURES, PLATFORMS, attach, writeFamily, type Family } from "./families.ts";
import { factsByUmoci, readAllOf } from "./images.ts";
import { runPeer } from "./peers.ts";
import { makeScratch } from "./scratch.ts";

const scratch = makeScratch();
let registry: RunningRegistry;

beforeAll(async () => {
  registry = await startDockerRegistry(scratch.path("registry"));
});
afterAll(() => registry.stop());

/** The text of a document in a layout. */
function document(layout: string, digest: string): string {
  return readFileSync(`${layout}/blobs/${digest.replace(":", "/")}`, "utf8");
}

describe.each(["none", "gzip", "zstd"] as const)("a layout that we write, %s", (compression) => {
  const layout = scratch.path(`layout-${compression}`);
  let family: Family;

  beforeAll(async () => {
    family = await writeFamily(await openLayout(layout, { create: true }), compression);
  });

  it("is inspected by skopeo", async () => {
    expect(await runPeer("skopeo", ["inspect", "--raw", `oci:${layout}:family`])).toBe(
      document(layout, family.index.digest),
    );
    for (const [at, architecture] of ARCHITECTURES.entries()) {
      const { descriptor, manifest } = family.images[at]!;
      const told = JSON.parse(
        await runPeer("skopeo", ["inspect", `oci:${layout}:${architecture}`]),
      ) as Record<string, unknown>;
      expect(told).toMatchObject({
        Digest: descriptor.digest,
        Architecture: architecture,
        Os: "linux",
        Layers: manifest.value.layers.map(({ digest }) => digest),
        Env: ["PATH=/usr/bin"],
      });
    }
  });

  it("is copied completely by skopeo without a changed digest", async () => {
    const target = scratch.path(`skopeo-${compression}`);
    // skopeo adds annotations to an index for images packed with zstd, so only the images keep their digests
    const preserve = compression === "zstd" ? [] : ["--preserve-digests"];
    const words = ["copy", "--all", ...preserve, `oci:${layout}:family`, `oci:${target}:x`];
    await runPeer("skopeo", words);
    const store = await openLayout(target);
    const root = await store.resolve("x");
    if (compression !== "zstd") expect(root.digest).toBe(family.index.digest);
    const { images } = await listImages(store, root);
    expect(images.map(({ digest }) => digest)).toEqual(
      family.images.map(({ descriptor }) => descriptor.digest),
    );
    for (const platform of PLATFORMS) {
      const theirs = await readAllOf(`oci:${target}:x`, platform);
      const ours = await readAllOf(`oci:${layout}:family`, platform);
      expect(theirs.facts).toEqual(ours.facts);
    }
  });

  it("is read by oras: tags, digests, documents, and a copy", async () => {
    const oras = (...words: string[]): Promise<string> => runPeer("oras", words);
    expect(await oras("manifest", "fetch", "--oci-layout", `${layout}:family`)).toBe(
      document(layout, family.index.digest),
    );
    expect((await oras("resolve", "--oci-layout", `${layout}:arm64`)).trim()).toBe(
      family.images[1]!.descriptor.digest,
    );
    const tags = await oras("repo", "tags", "--oci-layout", layout);
    expect(tags.split("\n").filter(Boolean).sort()).toEqual(["family", ...ARCHITECTURES].sort());
    const target = scratch.path(`oras-${compression}`);
    await oras(
      "cp",
      "--no-tty",
      "--from-oci-layout",
      `${layout}:family`,
      "--to-oci-layout",
      `${target}:y`,
    );
    expect((await (await openLayout(target)).resolve("y")).digest).toBe(family.index.digest);
    expect(
      (await readAllOf(`oci:${target}:y`, { os: "linux", architecture: "riscv64" })).facts,
    ).toEqual((await readAllOf(`oci:${layout}:riscv64`)).facts);
  });

  it("is pushed, validated and pulled by crane", async () => {
    const single = scratch.path(`root-${compression}`);
    const store = await openLayout(single, { create: true });
    await copy(await openLayout(layout), family.index, store, { tag: "only" });
    const name = `${registry.host}/crane/${compression}:family`;
    await runPeer("crane", ["push", single, name]);
    expect((await runPeer("crane", ["digest", name])).trim()).toBe(family.index.digest);
    expect(await runPeer("crane", ["manifest", name])).toBe(document(layout, family.index.digest));
    // when crane 0.21 validates a layer, it takes it for gzip, whatever its media type says
    const words = compression === "gzip" ? [] : ["--fast"];
    await runPeer("crane", ["validate", ...words, "--remote", name]);
  });

  it("is listed, described and unpacked by umoci", async () => {
    const tags = await runPeer("umoci", ["ls", "--layout", layout]);
    expect(tags.split("\n").filter(Boolean).sort()).toEqual(["family", ...ARCHITECTURES].sort());
    const stat = ["stat", "--json", "--image", `${layout}:arm64`];
    expect(JSON.parse(await runPeer("umoci", stat))).toHaveProperty("history");
    expect(await factsByUmoci(`${layout}:arm64`, scratch.path("bundle"))).toEqual(
      (await readAllOf(`oci:${layout}:arm64`)).facts,
    );
  });
});

describe("a layout that several tools edit", () => {
  it("keeps what skopeo, umoci and oras add, and they keep what we add", async () => {
    const layout = scratch.path("shared");
    const store = await openLayout(layout, { create: true });
    const family = await writeFamily(store);
    const before = await store.capabilities.roots();
    await runPeer("umoci", ["tag", "--image", `${layout}:arm64`, "by-umoci"]);
    await runPeer("oras", ["tag", "--oci-layout", `${layout}:family`, "by-oras"]);
    await runPeer("skopeo", ["copy", `oci:${layout}:amd64`, `oci:${layout}:by-skopeo`]);
    await store.tag(family.images[2]!.descriptor, "by-us");
    const named = [family.images[1]!.descriptor, family.index, family.images[0]!.descriptor];
    for (const [at, tag] of ["by-umoci", "by-oras", "by-skopeo"].entries()) {
      expect((await store.resolve(tag)).digest).toBe(named[at]!.digest);
    }
    const tags = (await runPeer("umoci", ["ls", "--layout", layout])).split("\n").filter(Boolean);
    expect(tags.sort()).toEqual([...(await store.capabilities.tags())]);
    const after = await store.capabilities.roots();
    for (const root of before) expect(after.map(({ digest }) => digest)).toContain(root.digest);
    await runPeer("umoci", ["gc", "--layout", layout]);
    for (const tag of await store.capabilities.tags()) {
      const { copied } = await copy(store, await store.resolve(tag), createMemoryStore());
      expect(copied.count).toBeGreaterThan(3);
    }
  });

  it("shows its referrers to oras", async () => {
    const layout = scratch.path("referred");
    const store = await openLayout(layout, { create: true });
    const { images } = await writeFamily(store);
    const artifact = await attach(store, images[0]!.descriptor);
    await store.capabilities.addRoot(artifact);
    const words = ["discover", "--oci-layout", "--format", "json", `${layout}:amd64`];
    const told = JSON.parse(await runPeer("oras", words)) as { referrers: { digest: string }[] };
    expect(told.referrers.map(({ digest }) => digest)).toEqual([artifact.digest]);
    const target = scratch.path("referred-too");
    await runPeer("oras", [
      "cp",
      "-r",
      "--no-tty",
      "--from-oci-layout",
      `${layout}:amd64`,
      "--to-oci-layout",
      `${target}:x`,
    ]);
    expect(await (await openLayout(target)).exists(artifact)).toBe(true);
  });
});
