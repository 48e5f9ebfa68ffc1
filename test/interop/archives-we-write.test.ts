// SPDX-License-Identifier: MIT
import { execFileSync } from "node:child_process";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openTarget } from "../../src/image/open-reference.ts";
import type { Descriptor } from "../../src/oci/documents/descriptor.ts";
import { copy } from "../../src/store/copy/copy.ts";
import { openLayout } from "../../src/store/layout/layout.ts";
import type { ReadableStore } from "../../src/store/store.ts";
import { startDockerRegistry, type RunningRegistry } from "./docker-registry.ts";
import { PLATFORMS, writeFamily, type Family } from "./families.ts";
import { readAllOf } from "./images.ts";
import { runPeer } from "./peers.ts";
import { makeScratch } from "./scratch.ts";

const scratch = makeScratch();
let registry: RunningRegistry;

beforeAll(async () => {
  registry = await startDockerRegistry(scratch.path("registry"));
});
afterAll(() => registry.stop());

/** Copies one root into an archive, as `oci-kit copy` does. */
async function archive(store: ReadableStore, root: Descriptor, location: string): Promise<void> {
  const target = await openTarget(location);
  try {
    await copy(store, root, target.store, { tag: target.tag });
    await target.close();
  } finally {
    await target.discard();
  }
}

describe.each(["none", "gzip", "zstd"] as const)("an archive that we write, %s", (compression) => {
  const layout = scratch.path(`layout-${compression}`);
  const oci = scratch.path(`oci-${compression}.tar`);
  const docker = scratch.path(`docker-${compression}.tar`);
  let family: Family;

  beforeAll(async () => {
    const store = await openLayout(layout, { create: true });
    family = await writeFamily(store, compression);
    await archive(store, family.index, `oci-archive:${oci}:family`);
    await archive(store, family.images[1]!.descriptor, `docker-archive:${docker}:example.org/a:1`);
  });

  it("is a tar that GNU tar and bsdtar list in the same way", () => {
    for (const file of [oci, docker]) {
      const [gnu, bsd] = ["tar", "bsdtar"].map((tar) =>
        execFileSync(tar, ["-tf", file], { encoding: "utf8" }),
      );
      expect(gnu).toBe(bsd);
      expect(gnu!.split("\n")).toContain("index.json");
    }
  });

  it("of an index is copied completely by skopeo", async () => {
    const target = scratch.path(`skopeo-${compression}`);
    // skopeo adds annotations to an index for images packed with zstd
    const preserve = compression === "zstd" ? [] : ["--preserve-digests"];
    const words = ["copy", "--all", ...preserve, `oci-archive:${oci}:family`, `oci:${target}:x`];
    await runPeer("skopeo", words);
    for (const platform of PLATFORMS) {
      const theirs = await readAllOf(`oci:${target}:x`, platform);
      const ours = await readAllOf(`oci:${layout}:family`, platform);
      expect(theirs.image.descriptor.digest).toBe(ours.image.descriptor.digest);
      expect(theirs.facts).toEqual(ours.facts);
    }
  });

  it("of an index is copied by oras", async () => {
    const target = scratch.path(`oras-${compression}`);
    const words = ["cp", "--no-tty", "--from-oci-layout", `${oci}:family`];
    await runPeer("oras", [...words, "--to-oci-layout", `${target}:x`]);
    expect((await (await openLayout(target)).resolve("x")).digest).toBe(family.index.digest);
  });

  it("for docker is copied by skopeo", async () => {
    const target = scratch.path(`docker-${compression}`);
    await runPeer("skopeo", [
      "copy",
      `docker-archive:${docker}:example.org/a:1`,
      `oci:${target}:x`,
    ]);
    const { image, facts } = await readAllOf(`oci:${target}:x`);
    const ours = await readAllOf(`oci:${layout}:arm64`);
    expect(image.manifest.value.config.digest).toBe(ours.image.manifest.value.config.digest);
    expect(facts).toEqual(ours.facts);
  });

  it("for docker is validated and pushed by crane", async () => {
    // crane does not recognise zstd and takes the archive for an uncompressed tar
    if (compression !== "zstd") await runPeer("crane", ["validate", "--tarball", docker]);
    const name = `${registry.host}/archive/${compression}:1`;
    await runPeer("crane", ["push", docker, name]);
    expect(JSON.parse(await runPeer("crane", ["config", name]))).toEqual(
      family.images[1]!.config.value,
    );
  });
});
