// SPDX-License-Identifier: MIT
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Descriptor } from "../../src/oci/documents/descriptor.ts";
import { MediaType } from "../../src/oci/media-types.ts";
import { openLayout } from "../../src/store/layout/layout.ts";
import { serveRegistry, type RegistryServer } from "../../src/server/serve.ts";
import { buildImage, buildIndex, pushDocument } from "../../src/testing/build-image.ts";
import { putAttestation, putText } from "../fixtures/family.ts";
import { cosignTag, putReferrer } from "../fixtures/referrers.ts";
import { startDockerRegistry, type RunningRegistry } from "./docker-registry.ts";
import { execute, runPeer } from "./peers.ts";
import { makeScratch } from "./scratch.ts";

const CLI = join(import.meta.dirname, "../../bin/oci-kit");
const scratch = makeScratch();

/** Runs the built command line beside the registry of this process, and returns what `--json` prints. */
async function runCli(words: readonly string[]): Promise<unknown> {
  const env = { NODE_OPTIONS: "", HOME: "/nonexistent" };
  return JSON.parse(await execute(process.execPath, [CLI, ...words, "--json"], { env })) as unknown;
}

let distribution: RunningRegistry;
let ours: RegistryServer;
let source: string;
let index: Descriptor;
let images: Descriptor[];
let referrer: Descriptor;

beforeAll(async () => {
  distribution = await startDockerRegistry(scratch.path("distribution"));
  ours = await serveRegistry({ directory: scratch.path("ours") });
  source = scratch.path("source");
  const layout = await openLayout(source, { create: true });
  images = [];
  for (const architecture of ["amd64", "arm64"]) {
    const platform = { os: "linux", architecture };
    const layers = [{ shared: "x" }, { [architecture]: architecture }];
    images.push((await buildImage(layout, { layers, platform })).descriptor);
  }
  const attestation = await putAttestation(layout, images[0]!);
  index = await buildIndex(layout, [...images, attestation], { tag: "all" });
  await buildIndex(layout, images, { tag: "plain" });
  referrer = await putReferrer(layout, index, "application/vnd.example.sbom");
  const signature = await buildImage(layout, { layers: [{ signature: "x" }] });
  await layout.tag(signature.descriptor, cosignTag(index));
});
afterAll(async () => {
  await distribution.stop();
  await ours.close();
});

const registries = (): Record<string, string> => ({
  distribution: distribution.host,
  "the embedded registry": `127.0.0.1:${ours.port}`,
});

async function rawBySkopeo(reference: string): Promise<{
  readonly mediaType: string;
  readonly manifests: readonly Descriptor[];
}> {
  const words = ["inspect", "--tls-verify=false", "--raw", `docker://${reference}`];
  return JSON.parse(await runPeer("skopeo", words)) as never;
}

describe.each(["distribution", "the embedded registry"])("in %s", (name) => {
  let repository: string;
  beforeAll(() => {
    repository = `${registries()[name]!}/family/image`;
  });

  it("an image in Docker's format is one for skopeo and crane, and back in OCI's the same as before", async () => {
    const words = ["copy", `oci:${source}:plain`, `${repository}:docker`, "--format", "docker"];
    await runCli(words);
    const list = await rawBySkopeo(`${repository}:docker`);
    expect(list.mediaType).toBe(MediaType.dockerManifestList);
    expect(list.manifests.map(({ mediaType }) => mediaType)).toEqual([
      MediaType.dockerManifest,
      MediaType.dockerManifest,
    ]);
    await runPeer("crane", ["validate", "--insecure", "--remote", `${repository}:docker`]);
    const layout = scratch.path("by-skopeo");
    await runPeer("skopeo", [
      ...["copy", "--all", "--preserve-digests", "--src-tls-verify=false"],
      ...[`docker://${repository}:docker`, `dir:${layout}`],
    ]);
    const back = scratch.path("back");
    await runCli(["copy", `${repository}:docker`, `oci:${back}:all`, "--format", "oci"]);
    const { descriptor } = (await runCli(["inspect", `oci:${back}:all`])) as {
      descriptor: Descriptor;
    };
    const before = (await runCli(["inspect", `oci:${source}:plain`])) as { descriptor: Descriptor };
    expect(descriptor.digest).toBe(before.descriptor.digest);
  });

  it("layers compressed anew are valid for skopeo, and gzip for crane", async () => {
    for (const kind of ["zstd", "none", "gzip"]) {
      const target = `${repository}:${kind}`;
      await runCli(["copy", `oci:${source}:all`, target, "--compression", kind]);
      // This crane validates gzip alone.
      if (kind === "gzip")
        await runPeer("crane", [
          "validate",
          "--insecure",
          "--remote",
          target,
          "--platform",
          "linux/arm64",
        ]);
      const copied = `oci:${scratch.path(`${name.length}-${kind}`)}:all`;
      await runPeer("skopeo", [
        "copy",
        "--all",
        "--src-tls-verify=false",
        `docker://${target}`,
        copied,
      ]);
    }
  });

  it("an edited index is what skopeo reads, and no other tag is touched", async () => {
    const target = `${repository}-edited`;
    await runCli(["manifest", "create", `${target}:1`, "--from", `oci:${source}:all`]);
    const first = await rawBySkopeo(`${target}:1`);
    expect(first.manifests).toHaveLength(3);
    await runCli(["manifest", "annotate", `${target}:1`, "--annotation", "channel=stable"]);
    await runCli(["manifest", "remove", `${target}:1`, "--platform", "linux/amd64"]);
    const { manifests } = await rawBySkopeo(`${target}:1`);
    expect(manifests.map(({ digest }) => digest)).toEqual([images[1]!.digest]);
    const tags = await runPeer("crane", ["ls", "--insecure", target]);
    expect(tags.split("\n").filter((tag) => !tag.startsWith("sha256-"))).toEqual(["1", ""]);
    expect(
      (await runPeer("crane", ["manifest", "--insecure", `${target}@${images[0]!.digest}`])).length,
    ).toBeGreaterThan(0);
  });

  it("an artifact of ours is pulled by oras, and one of oras by us", async () => {
    const work = scratch.path(`work-${name.length}`);
    mkdirSync(join(work, "docs/deep"), { recursive: true });
    writeFileSync(join(work, "file.txt"), "file");
    writeFileSync(join(work, "docs/deep/a"), "a");
    const target = `${repository}-artifact`;
    const files = ["file.txt:text/plain", "docs"];
    const type = "application/vnd.example.notes";
    await runCli(["artifact", "push", `${target}:ours`, ...files, "--type", type, "-C", work]);
    const pulled = scratch.path(`oras-${name.length}`);
    mkdirSync(pulled);
    await runPeer("oras", ["pull", "--plain-http", `${target}:ours`], { cwd: pulled });
    await runPeer(
      "oras",
      ["push", "--plain-http", `${target}:oras`, ...files, "--artifact-type", type],
      { cwd: work },
    );
    const own = scratch.path(`own-${name.length}`);
    expect(await runCli(["artifact", "pull", `${target}:oras`, own])).toMatchObject({ type });
    for (const directory of [pulled, own]) {
      expect(readdirSync(directory).sort()).toEqual(["docs", "file.txt"]);
      expect(readFileSync(join(directory, "file.txt"), "utf8")).toBe("file");
      expect(readFileSync(join(directory, "docs/deep/a"), "utf8")).toBe("a");
    }
  });

  it("what oras attaches is copied with its subject, and found by oras where we copied it", async () => {
    const target = `${repository}-attached`;
    await runCli(["copy", `oci:${source}:all`, `${target}:1`]);
    const work = scratch.path(`attach-${name.length}`);
    mkdirSync(work);
    writeFileSync(join(work, "report.txt"), "report");
    const words = ["attach", "--plain-http", `${target}:1`, "report.txt"];
    await runPeer("oras", [...words, "--artifact-type", "application/vnd.example.report"], {
      cwd: work,
    });
    const copied = scratch.path(`copied-${name.length}`);
    const document = await runCli(["copy", "--referrers", `${target}:1`, `oci:${copied}:1`]);
    expect(document).toMatchObject({ referrers: [{ subject: index.digest }] });
    const found = await runPeer("oras", [
      "discover",
      "--oci-layout",
      `${copied}:1`,
      "--format",
      "json",
    ]);
    expect(found).toContain("application/vnd.example.report");
  });
});

it("what we copy with referrers into the embedded registry is found by oras, cosign's tags included", async () => {
  const target = `127.0.0.1:${ours.port}/with/referrers`;
  await runCli(["copy", "--referrers", `oci:${source}:all`, `${target}:1`]);
  const found = await runPeer("oras", [
    "discover",
    "--plain-http",
    `${target}:1`,
    "--format",
    "json",
  ]);
  expect(found).toContain(referrer.digest);
  const tags = await runPeer("crane", ["ls", "--insecure", target]);
  expect(tags).toContain(cosignTag(index));
});

it("what oras copies with referrers into a layout has one image for us, and keeps them", async () => {
  const target = `127.0.0.1:${ours.port}/from/oras`;
  await runCli(["copy", "--referrers", `oci:${source}:all`, `${target}:1`]);
  const layout = scratch.path("by-oras");
  await runPeer("oras", [
    "cp",
    "-r",
    "--from-plain-http",
    "--to-oci-layout",
    `${target}:1`,
    `${layout}:1`,
  ]);
  const copied = scratch.path("copied-again");
  const document = await runCli(["copy", "--referrers", `oci:${layout}`, `oci:${copied}:1`]);
  expect(document).toMatchObject({
    digest: index.digest,
    referrers: expect.arrayContaining([
      expect.objectContaining({
        descriptor: expect.objectContaining({ digest: referrer.digest }) as unknown,
      }),
    ]) as unknown,
  });
});

it("an index of an index, artifacts and Docker's documents survive copies byte for byte", async () => {
  const layout = await openLayout(source);
  const config = await putText(layout, MediaType.empty, "{}");
  const artifact = await pushDocument(layout, MediaType.manifest, {
    ...{ schemaVersion: 2, mediaType: MediaType.manifest, artifactType: "application/x.note" },
    ...{
      config,
      layers: [config],
      subject: { mediaType: index.mediaType, digest: index.digest, size: index.size },
    },
  });
  const nested = await buildIndex(layout, [index, artifact], { tag: "nested" });
  const repository = `127.0.0.1:${ours.port}/nested/image`;
  await runCli(["copy", `oci:${source}:nested`, `${repository}:1`]);
  const there = scratch.path("nested");
  await runCli(["copy", `${repository}:1`, `oci:${there}:1`]);
  expect(await runCli(["copy", `oci:${source}:nested`, `oci:${there}:1`])).toMatchObject({
    digest: nested.digest,
    copied: { count: 0 },
  });
  expect(
    await runPeer("crane", ["manifest", "--insecure", `${repository}@${artifact.digest}`]),
  ).toContain("application/x.note");
});
