// SPDX-License-Identifier: MIT
import { afterEach, beforeEach, expect, it } from "vitest";
import { openFaulty } from "../../../test/fixtures/faulty-repository.ts";
import {
  keepManifests,
  listedUnder,
  type PlainRegistry,
} from "../../../test/fixtures/plain-registry.ts";
import { sourceOf } from "../../bytes/bytes.ts";
import { describe as describeBytes } from "../../bytes/describe-content.ts";
import type { Descriptor } from "../../oci/documents/descriptor.ts";
import { formatJson } from "../../oci/json.ts";
import { MediaType } from "../../oci/media-types.ts";
import { copy, type CopySummary } from "../../store/copy/copy.ts";
import { createMemoryStore } from "../../store/memory-store.ts";
import { formatFallbackTag } from "../../store/referrers/referrer-tags.ts";
import { answer, startFaultyRegistry, type FaultyRegistry } from "../../testing/faulty-registry.ts";

let registry: FaultyRegistry;
let plain: PlainRegistry;
beforeEach(async () => {
  registry = await startFaultyRegistry();
  plain = keepManifests(registry);
});
afterEach(async () => {
  await registry.close();
});

const source = createMemoryStore();
const empty = await put(MediaType.empty, {});
const image = await put(MediaType.manifest, { config: empty, layers: [] });
const signature = await put(MediaType.manifest, { config: empty, layers: [], subject: image });
const bundle = await put(MediaType.index, { manifests: [], subject: image });
const TAG = formatFallbackTag(image.digest);

async function put(mediaType: string, more: object): Promise<Descriptor> {
  const value = mediaType === MediaType.empty ? {} : { schemaVersion: 2, mediaType, ...more };
  const bytes = formatJson(value);
  const descriptor = describeBytes(mediaType, bytes);
  await source.push(descriptor, sourceOf(bytes));
  return descriptor;
}

const send = (root: Descriptor, dryRun = false): Promise<CopySummary> => {
  registry.rule({ on: `HEAD /v2/a/b/blobs/${empty.digest}`, reply: answer(200) });
  return copy(source, root, openFaulty(registry), { dryRun });
};

it.each([
  ["signature", signature],
  ["index with a subject", bundle],
])(
  "a %s that was stored and not listed, because the copy was killed, is listed by the next copy",
  async (_, root) => {
    plain.onPut = (reference) => {
      if (reference === root.digest)
        registry.rule({ on: `PUT /v2/a/b/manifests/${TAG}`, reply: answer(403), times: 1 });
    };
    await expect(send(root)).rejects.toThrow();
    expect([plain.manifests.has(root.digest), listedUnder(plain, TAG)]).toEqual([true, undefined]);
    plain.onPut = () => undefined;
    expect((await send(root, true)).copied.count).toBe(1);
    expect((await send(root)).copied.count).toBe(1);
    expect(listedUnder(plain, TAG)).toEqual([root.digest]);
    expect((await send(root)).copied.count).toBe(0);
  },
);

it("whether it is listed is asked of no manifest without a subject", async () => {
  await send(image);
  const before = registry.requests.length;
  expect((await send(image)).skipped.count).toBe(2);
  expect(
    registry.requests
      .slice(before)
      .map(({ path }) => path)
      .filter((path) => path.includes("referrers")),
  ).toEqual([]);
});
