// SPDX-License-Identifier: MIT
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { readAll } from "../../src/bytes/streams/read-all.ts";
import { drain } from "../../src/bytes/streams/read-all.ts";
import type { Image } from "../../src/image/image.ts";
import type { Descriptor } from "../../src/oci/documents/descriptor.ts";
import { serveRegistry } from "../../src/server/serve.ts";
import { blobPath } from "../../src/store/layout/layout-blobs.ts";
import { openLayout } from "../../src/store/layout/layout.ts";
import { collectGarbage } from "../../src/store/prune/collect-garbage.ts";
import { openRepositories, type Repository } from "../../src/store/repositories/repositories.ts";
import type { Check, Job } from "./acknowledged-work.ts";
import { checkLayout, checkTag } from "./checks.ts";

/**
 * Pushes images to a registry, mounts and deletes content, and collects garbage. Each answer 201 or 202 is an
 * acknowledgement.
 */
export async function serveWork(job: Job, images: readonly Image[]): Promise<void> {
  job.always("what the registry names is whole", (at) => checkLayout(join(at, "registry")));
  const directory = join(job.disk, "registry");
  const server = await serveRegistry({ directory });
  const [first, second] = images as [Image, Image];
  try {
    const a = `${server.url}/v2/a`;
    for (const [at, image] of images.entries()) await push(a, at, image, job);
    const mounted = await mount(server.url, first.manifest.value.config, job);
    await remove(`${a}/blobs/${first.manifest.value.config.digest}`, job, (at) =>
      expectBlob(at, "a", first.manifest.value.config, false),
    );
    await remove(`${a}/manifests/tag-0`, job, (at) => expectTag(at, "tag-0", false));
    await remove(`${a}/manifests/${second.descriptor.digest}`, job, async (at) => {
      await expectTag(at, "tag-1", false);
      await expectManifest(at, second.descriptor, false);
    });
    // No manifest needs what was mounted, so that this takes it too.
    mounted();
    await collectGarbage(await openLayout(directory), { minAge: 0, untaggedAge: 0 });
  } finally {
    await server.close();
  }
  job.acknowledge("collected garbage", (at) => {
    assert(!existsSync(blobPath(join(at, "registry"), second.descriptor.digest)));
  });
}

/** The repository of a registry after a power cut, as a registry that is started then sees it. */
async function openAfter(disk: string, name: string): Promise<Repository> {
  const layout = await openLayout(join(disk, "registry"));
  return openRepositories(layout, { readOnly: true }).open(name);
}

async function expectBlob(
  disk: string,
  name: string,
  { digest }: Descriptor,
  isThere: boolean,
): Promise<void> {
  assert.equal((await openAfter(disk, name)).hasBlob(digest), isThere, `${digest} in ${name}`);
}

async function expectManifest(
  disk: string,
  { digest }: Descriptor,
  isThere: boolean,
): Promise<void> {
  assert.equal((await openAfter(disk, "a")).hasManifest(digest), isThere, digest);
}

async function expectTag(disk: string, tag: string, isThere: boolean): Promise<void> {
  assert.equal((await (await openAfter(disk, "a")).tag(tag)) !== undefined, isThere, tag);
}

async function mount(registry: string, blob: Descriptor, job: Job): Promise<() => void> {
  const query = `mount=${blob.digest}&from=a`;
  await expectCreated(`${registry}/v2/b/blobs/uploads/?${query}`, { method: "POST" });
  return job.acknowledge("mount", (at) => expectBlob(at, "b", blob, true));
}

/** Deletes something; whatever was promised about it before ends. */
async function remove(url: string, job: Job, check: Check): Promise<void> {
  for (const end of promised.splice(0)) end();
  const response = await fetch(url, { method: "DELETE" });
  assert.equal(response.status, 202, await response.text());
  job.acknowledge(`DELETE ${new URL(url).pathname}`, check);
}

/** Ends the promises that deletes break. */
const promised: (() => void)[] = [];

async function push(repository: string, at: number, image: Image, job: Job): Promise<void> {
  const { config, layers } = image.manifest.value;
  for (const [index, blob] of [config, ...layers].entries()) {
    const bytes = await readAll(image.store.fetch(blob), 1 << 30, "blob");
    const upload = index % 2 === 0 ? pushWhole : pushInParts;
    await upload(repository, blob, bytes);
    const end = job.acknowledge(`blob ${blob.digest}`, async (disk) => {
      await checkBlob(disk, blob);
      await expectBlob(disk, "a", blob, true);
    });
    promised.push(end);
  }
  const mediaType = image.descriptor.mediaType;
  for (const reference of [image.descriptor.digest, `tag-${at}`]) {
    await expectCreated(`${repository}/manifests/${reference}`, {
      method: "PUT",
      headers: { "content-type": mediaType },
      body: image.manifest.bytes as Uint8Array<ArrayBuffer>,
    });
    const end = job.acknowledge(`manifest ${reference}`, async (disk) => {
      await checkBlob(disk, image.descriptor);
      await expectManifest(disk, image.descriptor, true);
      if (!reference.startsWith("tag")) return;
      await checkTag(join(disk, "registry"), `a:${reference}`, image.descriptor);
    });
    promised.push(end);
  }
}

async function pushWhole(
  repository: string,
  { digest }: Descriptor,
  body: Uint8Array,
): Promise<void> {
  await expectCreated(`${repository}/blobs/uploads/?digest=${digest}`, {
    method: "POST",
    body: body as Uint8Array<ArrayBuffer>,
  });
}

async function pushInParts(
  repository: string,
  { digest }: Descriptor,
  bytes: Uint8Array,
): Promise<void> {
  const begun = await fetch(`${repository}/blobs/uploads/`, { method: "POST" });
  const place = new URL(begun.headers.get("location")!, repository);
  const half = bytes.length >> 1;
  await fetch(place, { method: "PATCH", body: bytes.slice(0, half) });
  place.searchParams.set("digest", digest);
  await expectCreated(place, { method: "PUT", body: bytes.slice(half) });
}

async function expectCreated(url: string | URL, request: RequestInit): Promise<void> {
  const response = await fetch(url, request);
  assert.equal(response.status, 201, await response.text());
}

async function checkBlob(disk: string, blob: Descriptor): Promise<void> {
  const store = await openLayout(join(disk, "registry"));
  await drain(store.fetch(blob));
}
