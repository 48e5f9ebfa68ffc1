// SPDX-License-Identifier: MIT
import { mkdirSync, writeFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { listImages } from "../../src/image/list-images.ts";
import { openReference, openTarget } from "../../src/image/open-reference.ts";
import { copy } from "../../src/store/copy/copy.ts";
import { openLayout } from "../../src/store/layout/layout.ts";
import { makeImage } from "../fixtures/layers.ts";
import { PLATFORMS, writeFamily, type Family } from "./families.ts";
import { factsByTar, factsByUmoci, readAllOf } from "./images.ts";
import { changes, oddLayer, returns } from "./odd-layers.ts";
import { runPeer } from "./peers.ts";
import { makeScratch } from "./scratch.ts";
import { startDocker, type RunningDocker } from "./start-docker.ts";
import { withoutTimes, type Facts } from "./tree-facts.ts";

const scratch = makeScratch();
const layout = scratch.path("layout");
const context = scratch.path("context");
let docker: RunningDocker;
let family: Family;
let odd: Facts;

beforeAll(async () => {
  docker = await startDocker(scratch.make("docker"));
  const store = await openLayout(layout, { create: true });
  family = await writeFamily(store);
  await makeImage([oddLayer(), changes(), returns()], { store, tag: "odd" });
  odd = (await readAllOf(`oci:${layout}:odd`)).facts;
  for (const architecture of ["amd64", "arm64", "riscv64"]) {
    mkdirSync(`${context}/${architecture}/deep/er`, { recursive: true });
    writeFileSync(`${context}/${architecture}/deep/er/file`, `for ${architecture}\n`);
  }
  writeFileSync(
    `${context}/Dockerfile`,
    [
      "FROM scratch AS lower",
      "COPY amd64 /lower",
      "FROM scratch",
      "ARG TARGETARCH",
      "COPY $TARGETARCH /opt",
      "COPY --link --chown=7:8 --chmod=0751 $TARGETARCH/deep /linked",
      "COPY --from=lower /lower /from",
      "ENV PATH=/opt/bin",
      'ENTRYPOINT ["/opt/bin/x"]',
      "WORKDIR /srv",
    ].join("\n"),
  );
});
afterAll(() => docker.stop());

describe("docker loads what we write", () => {
  it.each(["none", "gzip", "zstd"] as const)("from a docker-archive, %s", async (compression) => {
    const name = `example.org/ours:${compression}`;
    const file = scratch.path(`${compression}.tar`);
    const source = await openLayout(scratch.path(compression), { create: true });
    const { descriptor } = await makeImage([oddLayer(), changes(), returns()], {
      store: source,
      compression,
    });
    const target = await openTarget(`docker-archive:${file}:${name}`);
    await copy(source, descriptor, target.store, { tag: target.tag });
    await target.close();
    expect(await docker.run("load", "-i", file)).toContain(name);
    const told = JSON.parse(await docker.run("image", "inspect", name)) as { Id: string }[];
    expect(told.map(({ Id }) => Id)).toEqual([descriptor.digest]);
    const container = (await docker.run("create", name, "/none")).trim();
    const tar = scratch.path(`${compression}-container.tar`);
    await docker.run("export", "-o", tar, container);
    await docker.run("rm", container);
    const theirs = factsByTar("tar", tar, scratch.make(`${compression}-container`));
    // docker's tar has whole seconds, no times before 1970, and the snapshots' times for directories
    expect(withoutTimes(withoutMountPoints(theirs))).toEqual(withoutTimes(withoutMountPoints(odd)));
  });

  it("from an oci-archive of an index", async () => {
    const file = scratch.path("index.tar");
    const target = await openTarget(`oci-archive:${file}:example.org/family:1`);
    await copy(await openLayout(layout), family.index, target.store, { tag: target.tag });
    await target.close();
    await docker.run("load", "-i", file);
    const images = await docker.run("image", "ls", "--no-trunc", "--format", "{{.ID}}");
    expect(images.split("\n")).toContain(family.index.digest);
  });
});

describe("we read what docker saves", () => {
  it("from an image that it loaded, with the same manifest digest", async () => {
    const file = scratch.path("saved.tar");
    await docker.run("save", "-o", file, "example.org/ours:gzip");
    const { image, facts } = await readAllOf(`docker-archive:${file}:example.org/ours:gzip`);
    expect(facts).toEqual(odd);
    const told = JSON.parse(await docker.run("image", "inspect", "example.org/ours:gzip")) as {
      Id: string;
    }[];
    expect(image.descriptor.digest).toBe(told[0]!.Id);
  });

  it("from several images in one archive", async () => {
    const file = scratch.path("several.tar");
    await docker.run("save", "-o", file, "example.org/ours:gzip", "example.org/ours:zstd");
    for (const tag of ["gzip", "zstd"]) {
      expect((await readAllOf(`docker-archive:${file}:example.org/ours:${tag}`)).facts).toEqual(
        odd,
      );
    }
  });
});

describe("we read what BuildKit writes", () => {
  const build = (...words: string[]): Promise<string> =>
    docker.run("buildx", "build", "--progress=quiet", ...words, context);

  it.each([
    ["gzip", ""],
    ["zstd", ",compression=zstd,force-compression=true"],
    ["uncompressed", ",compression=uncompressed,force-compression=true"],
    ["docker types", ",oci-mediatypes=false"],
  ])("as a layout of three platforms with attestations, %s", async (name, flags) => {
    const file = scratch.path(`${name}.tar`);
    const platforms = PLATFORMS.map(({ architecture }) => `linux/${architecture}`).join();
    await build(
      "--platform",
      platforms,
      "--provenance=mode=max",
      "-o",
      `type=oci,dest=${file}${flags}`,
    );
    const opened = await openReference(`oci-archive:${file}`);
    const { images, attestations } = await listImages(opened.store, await opened.root());
    await opened.close();
    expect(images.map(({ platform }) => platform?.architecture)).toEqual([
      "amd64",
      "arm64",
      "riscv64",
    ]);
    expect(attestations).toHaveLength(3);
    for (const [at, platform] of PLATFORMS.entries()) {
      const { image, facts } = await readAllOf(`oci-archive:${file}`, platform);
      expect(image.descriptor.digest).toBe(images[at]!.digest);
      expect(image.config.value.architecture).toBe(platform.architecture);
      const text = new TextEncoder().encode(`for ${platform.architecture}\n`);
      expect(facts["/opt/deep/er/file"]?.content).toMatch(new RegExp(`^${text.length} sha256:`));
      expect(facts["/linked/er/file"]).toMatchObject({ mode: "751", owner: "7:8" });
      const single = scratch.path(`${name} ${platform.architecture}`);
      const archive = await openReference(`oci-archive:${file}`);
      const target = await openLayout(single, { create: true });
      await copy(archive.store, image.descriptor, target, { tag: "x" });
      await archive.close();
      // umoci does not support Docker's media types
      if (name === "docker types") continue;
      const theirs = await factsByUmoci(`${single}:x`, scratch.path("bundle"));
      expect({ ...facts, "/": undefined }).toEqual({ ...theirs, "/": undefined });
    }
  });

  it("as an archive for docker", async () => {
    const file = scratch.path("type-docker.tar");
    await build(
      "--platform",
      "linux/arm64",
      "-t",
      "example.org/built:1",
      "-o",
      `type=docker,dest=${file}`,
    );
    const { image, facts } = await readAllOf(`docker-archive:${file}:example.org/built:1`);
    expect(image.config.value).toMatchObject({
      architecture: "arm64",
      config: { Entrypoint: ["/opt/bin/x"], WorkingDir: "/srv" },
    });
    expect(facts["/srv"]?.type).toBe("directory");
  });

  it("as a directory of type oci, without attestations or a push", async () => {
    const directory = scratch.path("type-oci");
    const output = `type=oci,tar=false,dest=${directory}`;
    await build("--platform", "linux/riscv64", "--provenance=false", "-o", output);
    const { image } = await readAllOf(`oci:${directory}`);
    expect(image.config.value.architecture).toBe("riscv64");
    const told = JSON.parse(await runPeer("skopeo", ["inspect", `oci:${directory}`])) as {
      Digest: string;
    };
    expect(told.Digest).toBe(image.descriptor.digest);
  });
});

/** Leaves out what Docker adds to every container. */
function withoutMountPoints(facts: Facts): Facts {
  const mounted = /^\/$|^\/(?:dev|proc|sys|etc|\.dockerenv)(?:\/|$)/;
  return Object.fromEntries(Object.entries(facts).filter(([path]) => !mounted.test(path)));
}
