// SPDX-License-Identifier: MIT
import assert from "node:assert/strict";
import { join } from "node:path";
import { readAll } from "../../src/bytes/streams/read-all.ts";
import { drain } from "../../src/bytes/streams/read-all.ts";
import type { Image } from "../../src/image/image.ts";
import type { Descriptor } from "../../src/oci/documents/descriptor.ts";
import { serveRegistry } from "../../src/server/serve.ts";
import { openLayout } from "../../src/store/layout/layout.ts";
import type { Job } from "./acknowledged-work.ts";
import { checkLayout, checkTag } from "./checks.ts";

/** Pushes images to a registry. Each answer 201 is an acknowledgement. */
export async function serveWork(job: Job, images: readonly Image[]): Promise<void> {
  job.always("what the registry names is whole", (at) => checkLayout(join(at, "registry")));
  const server = await serveRegistry({ directory: join(job.disk, "registry") });
  try {
    for (const [at, image] of images.entries()) await push(`${server.url}/v2/a`, at, image, job);
  } finally {
    await server.close();
  }
}

async function push(repository: string, at: number, image: Image, job: Job): Promise<void> {
  const { config, layers } = image.manifest.value;
  for (const [index, blob] of [config, ...layers].entries()) {
    const bytes = await readAll(image.store.fetch(blob), 1 << 30, "blob");
    const upload = index % 2 === 0 ? pushWhole : pushInParts;
    await upload(repository, blob, bytes);
    job.acknowledge(`blob ${blob.digest}`, (disk) => checkBlob(disk, blob));
  }
  const mediaType = image.descriptor.mediaType;
  for (const reference of [image.descriptor.digest, `tag-${at}`]) {
    await expectCreated(`${repository}/manifests/${reference}`, {
      method: "PUT",
      headers: { "content-type": mediaType },
      body: image.manifest.bytes as Uint8Array<ArrayBuffer>,
    });
    job.acknowledge(`manifest ${reference}`, (disk) =>
      reference.startsWith("tag")
        ? checkTag(join(disk, "registry"), `a:${reference}`, image.descriptor)
        : checkBlob(disk, image.descriptor),
    );
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
