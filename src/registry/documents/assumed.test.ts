// SPDX-License-Identifier: MIT
import { rmSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openFaulty } from "../../../test/fixtures/faulty-repository.ts";
import { sourceOf } from "../../bytes/bytes.ts";
import { describe as describeBytes } from "../../bytes/describe-content.ts";
import type { Descriptor } from "../../oci/documents/descriptor.ts";
import { formatJson } from "../../oci/json.ts";
import { MediaType } from "../../oci/media-types.ts";
import { copy, type CopyOptions } from "../../store/copy/copy.ts";
import { createMemoryStore } from "../../store/memory-store.ts";
import { buildImage } from "../../testing/build-image.ts";
import { answer, startFaultyRegistry } from "../../testing/faulty-registry.ts";
import { startRegistry, type TestRegistry } from "../../testing/registry/start-registry.ts";
import { blob } from "../../testing/store-contract/store-content.ts";
import { openMirrored } from "../mirrors/mirrored-repository.ts";
import { openRepository, type RepositoryStore } from "../repository.ts";

let registry: TestRegistry;
let image: Descriptor;
let layers: readonly Descriptor[];
let seen = 0;

beforeEach(async () => {
  await start({});
});
afterEach(async () => {
  await registry.close();
});

async function start(options: { readonly sparse?: true }): Promise<void> {
  registry = await startRegistry(options);
  const memory = createMemoryStore();
  const built = await buildImage(memory, { layers: [{ a: "1" }, { b: "2" }, { c: "3" }] });
  ({ descriptor: image, layers } = built);
  await copy(memory, image, open(undefined), { tag: "1" });
  seen = registry.requests.length;
}

/** The repository, as one of a registry that is known to check manifests, or of one that nothing is known of. */
function open(checksManifests: boolean | undefined, repository = "app"): RepositoryStore {
  const habits = [{ hosts: ["127.0.0.1"], checksManifests }];
  const place = { registry: registry.host, repository };
  return openRepository(place, { journalDirectory: false, habits, retry: { attempts: 1 } });
}

/** The image gets another tag in the same repository. */
function retag(checksManifests: boolean | undefined, options: CopyOptions = {}): Promise<unknown> {
  const [source, target] = [open(checksManifests), open(checksManifests)];
  return copy(source, image, target, { tag: "2", ...options });
}

function lose({ digest }: Descriptor): void {
  rmSync(join(registry.directory, "blobs", ...digest.split(":")));
}

const questions = (): string[] =>
  registry.requests.slice(seen).filter((each) => /^HEAD .*\/blobs\//.test(each));

const stored = (): string[] =>
  registry.requests.slice(seen).filter((each) => /^PUT .*\/manifests\//.test(each));

describe("blobs that an image of the same repository names", () => {
  it("are not asked for at a registry that checks manifests", async () => {
    await retag(true);
    expect(questions()).toEqual([]);
    expect(stored()).toHaveLength(1);
    expect((await open(true).resolve("2")).digest).toBe(image.digest);
  });

  it("are asked for once each, before a manifest, where nobody knows whether it does", async () => {
    await retag(undefined);
    const asked = [...layers.map(({ digest }) => digest), "config"];
    expect(questions()).toHaveLength(asked.length);
    for (const { digest } of layers) expect(questions().join()).toContain(digest);
    const all = registry.requests.slice(seen);
    expect(all.lastIndexOf(questions().at(-1)!)).toBeLessThan(all.indexOf(stored()[0]!));
  });

  it.each([true, undefined])(
    "are named when the registry has lost them, and no tag is set (known to check: %s)",
    async (checks) => {
      lose(layers[1]!);
      const failed = retag(checks);
      await expect(failed).rejects.toMatchObject({
        ...{ code: "not-found", details: { missing: [layers[1]!.digest] } },
        hint: expect.stringContaining("--no-previous") as string,
      });
      await expect(failed).rejects.toThrow(`expected ${layers[1]!.digest}`);
      await expect(open(checks).resolve("2")).rejects.toMatchObject({ code: "not-found" });
    },
  );

  it.each([
    [404, "MANIFEST_BLOB_UNKNOWN"],
    [400, "MANIFEST_BLOB_UNKNOWN"],
    [400, "MANIFEST_INVALID"],
  ])("are asked for when a manifest is refused with %d %s", async (status, code) => {
    lose(layers[2]!);
    const body = JSON.stringify({ errors: [{ code, message: "blob unknown to registry" }] });
    registry.fail({
      on: { method: "PUT", endpoint: "manifest" },
      does: { kind: "answer", status, body },
    });
    await expect(retag(true)).rejects.toMatchObject({
      details: { missing: [layers[2]!.digest] },
      cause: { cause: { status } },
    });
  });

  it("are all there when a manifest is refused for another reason, in the registry's words", async () => {
    registry.fail({
      on: { method: "PUT", endpoint: "manifest" },
      does: { kind: "answer", status: 400, body: '{"errors":[{"code":"MANIFEST_INVALID"}]}' },
    });
    await expect(retag(true)).rejects.toThrow("MANIFEST_INVALID");
    expect(questions()).toHaveLength(layers.length + 1);
  });

  it("are not lost in silence at a registry that takes any manifest", async () => {
    await registry.close();
    await start({ sparse: true });
    lose(layers[0]!);
    await expect(retag(undefined)).rejects.toMatchObject({ code: "not-found" });
    expect(stored()).toEqual([]);
  });

  it("are asked for and read when that is wanted", async () => {
    await retag(true, { verifyPresent: true });
    expect(questions()).toHaveLength(layers.length + 1);
  });

  it("are asked for in another repository, and where a mirror may have been what had them", async () => {
    await copy(open(true), image, open(true, "other"), { tag: "1" });
    expect(questions()).not.toEqual([]);
    seen = registry.requests.length;
    const mirrored = openMirrored(open(true), [open(true, "other")]);
    await copy(mirrored, image, open(true), { tag: "3" });
    expect(questions()).toHaveLength(layers.length + 1);
  });
});

it.each([
  ["distribution, by the address of an upload", "?_state=c3RhdGU", []],
  ["another registry", "", ["HEAD"]],
])("%s is asked about a layer as often as it has to be", async (_, state, expected) => {
  const [config, layer] = [blob(10), blob(20)];
  const faulty = await startFaultyRegistry([
    {
      on: /^POST/,
      reply: answer(202, { location: `/v2/a/b/blobs/uploads/1${state}` }),
    },
    { on: `HEAD /v2/a/b/blobs/${layer.descriptor.digest}`, reply: answer(200) },
    { on: /^PUT/, reply: answer(201) },
  ]);
  const store = openFaulty(faulty, { journalDirectory: false });
  await store.push(config.descriptor, sourceOf(config.bytes));
  expect(store.capabilities.assume?.(layer.descriptor, store)).toBe(true);
  const manifest = formatJson({
    ...{ schemaVersion: 2, mediaType: MediaType.manifest },
    ...{ config: config.descriptor, layers: [layer.descriptor] },
  });
  await store.push(describeBytes(MediaType.manifest, manifest), sourceOf(manifest));
  const asked = faulty.requests.filter(({ path }) => path.endsWith(layer.descriptor.digest));
  expect(asked.map(({ method }) => method)).toEqual(expected);
  await faulty.close();
});
