// SPDX-License-Identifier: MIT
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { putAttestation, putImage, putIndex } from "../../../test/fixtures/family.ts";
import { putReferrer } from "../../../test/fixtures/referrers.ts";
import { listTags } from "../../image/by-reference/list-tags.ts";
import { openReference, openTarget } from "../../image/open-reference.ts";
import type { Descriptor } from "../../oci/documents/descriptor.ts";
import { MediaType } from "../../oci/media-types.ts";
import { parsePlatform } from "../../oci/platform.ts";
import { serveRegistry, type RegistryServer } from "../../server/serve.ts";
import { openReferrers } from "../../store/referrers/find-referrers.ts";
import { openLayout } from "../../store/layout/layout.ts";
import { readIndex } from "../../store/read-documents.ts";
import { pushDocument } from "../../testing/build-image.ts";
import { addToIndex, createIndex } from "./add-to-index.ts";
import { annotateIndex } from "./annotate-index.ts";
import { removeFromIndex } from "./remove-from-index.ts";
import { repairIndex } from "./repair-index.ts";
import { editTaggedIndex } from "./tagged-index.ts";

let directory: string;
let server: RegistryServer;
let source: string;
let images: Descriptor[];
let attestation: Descriptor;

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), "oci-kit-edit-index-"));
  server = await serveRegistry({ directory: join(directory, "served") });
  source = `oci:${directory}/source`;
  const layout = await openLayout(join(directory, "source"), { create: true });
  images = [];
  for (const architecture of ["amd64", "arm64", "riscv64"]) {
    const image = await putImage(layout, { architecture, tag: architecture });
    images.push({ ...image, platform: parsePlatform(architecture) });
  }
  attestation = await putAttestation(layout, images[0]!);
  await putIndex(layout, [images[0]!, attestation], "attested");
});
afterEach(async () => {
  await server.close();
  rmSync(directory, { recursive: true });
});

function placeOf(kind: string): string {
  const [repository, layout] = [`127.0.0.1:${server.port}/family/image`, `oci:${directory}/target`];
  return kind === "registry" ? repository : layout;
}

async function entriesOf(reference: string): Promise<readonly Descriptor[]> {
  const opened = await openReference(reference);
  return (await readIndex(opened.store, await opened.root())).value.manifests;
}

async function digestsOf(reference: string): Promise<readonly string[]> {
  return (await entriesOf(reference)).map(({ digest }) => digest);
}

const from = (...names: string[]): string[] => names.map((name) => `${source}:${name}`);

describe.each(["registry", "layout"])("an index in a %s", (kind) => {
  let index: string;
  beforeEach(async () => {
    index = `${placeOf(kind)}:v1`;
    await createIndex(index, from("attested", "arm64"));
  });

  it("is made of images and of an index's images, with their attestations and nothing else tagged", async () => {
    expect(await entriesOf(index)).toEqual([images[0], images[1], attestation]);
    expect((await listTags(placeOf(kind))).tags).toEqual(["v1"]);
    expect(await createIndex(index, from("attested", "arm64"))).toMatchObject({ changed: false });
  });

  it("is not made where the tag names something else, unless it may be replaced", async () => {
    const made = async (replace: boolean) => createIndex(index, from("riscv64"), { replace });
    await expect(made(false)).rejects.toMatchObject({ code: "already-exists" });
    await made(true);
    expect(await digestsOf(index)).toEqual([images[2]!.digest]);
  });

  it("is not made of two images for one platform", async () => {
    const made = createIndex(`${placeOf(kind)}:v2`, from("amd64", "attested"));
    await expect(made).resolves.toMatchObject({ changed: true }); // the same image twice is one
    const other = await putImage(await openLayout(join(directory, "source")), {
      ...{ architecture: "amd64", content: "another", tag: "other" },
    });
    const twice = createIndex(`${placeOf(kind)}:v3`, from("amd64", "other"));
    await expect(twice).rejects.toMatchObject({
      code: "already-exists",
      message: expect.stringContaining(other.digest.slice(0, 19)) as string,
    });
  });

  it("gets images, and replaces the one for a platform only when it may, with its attestations", async () => {
    const { before, index: after } = await addToIndex(index, from("riscv64"));
    expect(after.descriptor.digest).not.toBe(before!.digest);
    expect((await digestsOf(index)).slice(0, 2)).toEqual([images[0]!.digest, images[1]!.digest]);
    const layout = await openLayout(join(directory, "source"));
    const newer = await putImage(layout, { architecture: "amd64", content: "newer", tag: "newer" });
    const added = async (replace: boolean) => addToIndex(index, from("newer"), { replace });
    await expect(added(false)).rejects.toMatchObject({ code: "already-exists" });
    const { removed } = await added(true);
    expect(await digestsOf(index)).toEqual([newer.digest, images[1]!.digest, images[2]!.digest]);
    expect(removed.map(({ digest }) => digest)).toEqual([images[0]!.digest, attestation.digest]);
  });

  it("loses an image with its attestations, and the image stays", async () => {
    const { removed } = await removeFromIndex(index, [{ platform: parsePlatform("amd64") }]);
    expect(removed.map(({ digest }) => digest)).toEqual([images[0]!.digest, attestation.digest]);
    expect(await digestsOf(index)).toEqual([images[1]!.digest]);
    const { store } = await openReference(index);
    expect(await store.exists(images[0]!)).toBe(true);
  });

  it("loses what the start of a digest names, but never its last image", async () => {
    await removeFromIndex(index, [{ digest: attestation.digest.slice(0, 15) }]);
    expect(await digestsOf(index)).toEqual([images[0]!.digest, images[1]!.digest]);
    const choices = images.slice(0, 2).map(({ digest }) => ({ digest }));
    await expect(removeFromIndex(index, choices)).rejects.toMatchObject({
      code: "invalid-argument",
    });
    for (const choice of [
      { digest: `sha256:${"0".repeat(64)}` },
      { platform: parsePlatform("mips") },
    ]) {
      await expect(removeFromIndex(index, [choice])).rejects.toMatchObject({ code: "not-found" });
    }
  });

  it("is annotated, and so is an entry, whose image keeps its digest", async () => {
    await annotateIndex(index, undefined, { annotations: { channel: "stable", gone: "x" } });
    await annotateIndex(index, undefined, { annotations: { gone: "" } });
    const platform = { "os.version": "10.0", "os.features": ["win32k"], variant: "v8" };
    const choice = { platform: parsePlatform("arm64") };
    await annotateIndex(index, choice, { annotations: { note: "y" }, platform });
    const opened = await openReference(index);
    const { annotations, manifests } = (await readIndex(opened.store, await opened.root())).value;
    expect(annotations).toEqual({ channel: "stable" });
    expect(manifests[1]).toEqual({
      ...images[1],
      annotations: { note: "y" },
      platform: { ...images[1]!.platform, ...platform },
    });
    expect(manifests[2]).toEqual(attestation);
    const cleared = { platform: { "os.version": "", "os.features": [], variant: "" } };
    await annotateIndex(index, { digest: images[1]!.digest }, cleared);
    expect((await entriesOf(index))[1]!.platform).toEqual(images[1]!.platform);
  });

  it("keeps entries that it does not understand, and fields of the document", async () => {
    const { store } = await openTarget(placeOf(kind));
    const config = await pushDocument(store, MediaType.empty, {});
    const chart = await pushDocument(store, MediaType.manifest, {
      schemaVersion: 2,
      config,
      layers: [],
    });
    const nested = await pushDocument(store, MediaType.index, {
      schemaVersion: 2,
      manifests: [chart],
    });
    const { manifests } = (await readIndex(store, await store.resolve("v1"))).value;
    const odd = await pushDocument(store, MediaType.index, {
      ...{ schemaVersion: 2, mediaType: MediaType.index, "x-field": [1] },
      manifests: [...manifests, chart, nested],
    });
    await store.tag(odd, "v1");
    const edited = await removeFromIndex(index, [{ platform: parsePlatform("arm64") }]);
    expect(edited.index.value).toMatchObject({ "x-field": [1] });
    expect(edited.index.value.manifests).toEqual([images[0], attestation, chart, nested]);
  });

  it("says what refers to the old one, which keeps it", async () => {
    const { store } = await openTarget(placeOf(kind));
    const before = await store.resolve("v1");
    const signature = await putReferrer(store, before, "application/x.signature");
    const { referrers } = await addToIndex(index, from("riscv64"));
    expect(referrers.map(({ digest }) => digest)).toEqual([signature.digest]);
    expect(await (await openReferrers(store)).of(before.digest)).toHaveLength(1);
    expect((await store.resolve(before.digest)).digest).toBe(before.digest);
  });

  it("is not edited when the tag was moved meanwhile, which keeps what the other one did", async () => {
    const { store } = await openTarget(placeOf(kind));
    const edit = editTaggedIndex(index, {}, async ({ document }) => {
      await store.tag(images[1]!, "v1");
      return { manifests: document!.value.manifests.slice(1) };
    });
    await expect(edit).rejects.toMatchObject({ code: "changed-meanwhile" });
    expect((await store.resolve("v1")).digest).toBe(images[1]!.digest);
  });

  it("is not written in a dry run, which says the same digest", async () => {
    const before = await digestsOf(index);
    const planned = await addToIndex(index, from("riscv64"), { dryRun: true });
    expect(await digestsOf(index)).toEqual(before);
    const done = await addToIndex(index, from("riscv64"));
    expect(done.index.descriptor).toEqual(planned.index.descriptor);
  });

  it("is repaired from the tag of the architecture when an image was lost, and not when nothing was", async () => {
    const choice = { platform: parsePlatform("arm64") };
    await annotateIndex(index, choice, { platform: { variant: "v9" } });
    expect(await repairIndex(index)).toMatchObject({ changed: false, overridden: [] });
    const { store } = await openTarget(placeOf(kind));
    const newer = await putImage(store, {
      architecture: "amd64",
      content: "newer",
      tag: "v1-amd64",
    });
    await loseImage();
    const { removed } = await repairIndex(index);
    expect(removed.map(({ digest }) => digest)).toEqual([images[0]!.digest, attestation.digest]);
    expect(await digestsOf(index)).toEqual([images[1]!.digest, newer.digest]);
  });

  it("is not repaired by losing a platform, unless that is forced", async () => {
    await loseImage();
    await expect(repairIndex(index)).rejects.toMatchObject({ code: "gate-refused" });
    const { overridden } = await repairIndex(index, { force: ["dropped-platform"] });
    expect(overridden.map(({ gate }) => gate)).toEqual(["dropped-platform"]);
    expect(await digestsOf(index)).toEqual([images[1]!.digest]);
  });

  /** Puts an index under the tag whose image for amd64 is not there. */
  async function loseImage(): Promise<void> {
    const { store } = await openTarget(placeOf(kind));
    await store.capabilities.remove!(images[0]!.digest);
  }
});
