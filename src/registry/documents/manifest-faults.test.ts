// SPDX-License-Identifier: MIT
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openFaulty, QUICK } from "../../../test/fixtures/faulty-repository.ts";
import { describe as describeBytes } from "../../bytes/describe-content.ts";
import { sourceOf } from "../../bytes/bytes.ts";
import { digestBytes } from "../../bytes/hash.ts";
import { readAll } from "../../bytes/streams/read-all.ts";
import { MediaType } from "../../oci/media-types.ts";
import { answer, startFaultyRegistry } from "../../testing/faulty-registry.ts";
import type { FaultyRegistry } from "../../testing/faulty-registry.ts";
import type { RegistryOptions, RepositoryStore } from "../repository.ts";

let registry: FaultyRegistry;
beforeEach(async () => {
  registry = await startFaultyRegistry();
});
afterEach(async () => {
  await registry.close();
});

const open = (options?: RegistryOptions): RepositoryStore => openFaulty(registry, options);

const content = new Uint8Array(1_000).map((_, at) => at % 251);
const manifest = new TextEncoder().encode(
  JSON.stringify({
    schemaVersion: 2,
    mediaType: MediaType.manifest,
    config: { mediaType: MediaType.config, digest: digestBytes(content), size: 5 },
    layers: [],
  }),
);
const document = describeBytes(MediaType.manifest, manifest);

describe("a manifest", () => {
  const at = (reference: string): string => `GET /v2/a/b/manifests/${reference}`;
  const type = { "content-type": MediaType.manifest };

  it("is resolved from its bytes even when headers are missing", async () => {
    registry.rule({ on: at("v1"), reply: answer(200, type, manifest) });
    expect(await open().resolve("v1")).toEqual(document);
  });

  it.each([
    ["the header", `sha256:${"0".repeat(64)}`],
    ["a header that is not a digest", "sha256:../../etc"],
  ])("that contradicts %s is refused", async (_, header) => {
    const headers = { ...type, "docker-content-digest": header };
    registry.rule({ on: at("v1"), reply: answer(200, headers, manifest) });
    await expect(open().resolve("v1")).rejects.toMatchObject({ code: "digest-mismatch" });
  });

  it("other than the one requested by digest is refused (GHSA-qv35-3gw6-8q4j)", async () => {
    const pinned = digestBytes(content);
    const headers = { ...type, "docker-content-digest": document.digest };
    registry.rule({ on: at(pinned), reply: answer(200, headers, manifest) });
    await expect(open().resolve(pinned)).rejects.toMatchObject({ code: "digest-mismatch" });
    const wanted = { ...document, digest: pinned };
    await expect(readAll(open().fetch(wanted), 1_000_000, "test")).rejects.toMatchObject({
      code: "digest-mismatch",
    });
  });

  it("whose own media type contradicts the header is refused (CVE-2021-41190)", async () => {
    const headers = { "content-type": MediaType.index };
    registry.rule({ on: at("v1"), reply: answer(200, headers, manifest) });
    await expect(open().resolve("v1")).rejects.toMatchObject({ code: "invalid-manifest" });
  });

  it("with a meaningless content type gets the media type that it declares itself", async () => {
    const headers = { "content-type": "text/plain; charset=utf-8" };
    registry.rule({ on: at("v1"), reply: answer(200, headers, manifest) });
    expect((await open().resolve("v1")).mediaType).toBe(MediaType.manifest);
  });

  it("that never ends is read only up to the limit", async () => {
    registry.rule({ on: at("v1"), reply: { kind: "endless", status: 200, headers: type } });
    await expect(open().resolve("v1")).rejects.toMatchObject({ code: "limit-exceeded" });
  });

  it("is requested again when the connection breaks", async () => {
    registry.rule(
      { on: at("v1"), times: 1, reply: { kind: "drop", status: 200, body: manifest, after: 5 } },
      { on: at("v1"), reply: answer(200, type, manifest) },
    );
    expect(await open().resolve("v1")).toEqual(document);
  });

  it("that is not found yet is retried only when the policy asks for it", async () => {
    const found = { on: at("v1"), reply: answer(200, type, manifest) };
    registry.rule({ on: at("v1"), times: 2, reply: answer(404) }, found);
    await expect(open().resolve("v1")).rejects.toMatchObject({ code: "not-found", status: 404 });
    const waiting = open({ retry: { ...QUICK, notFound: true } });
    expect(await waiting.resolve("v1")).toEqual(document);
  });

  it("that the registry stored under another digest is an error", async () => {
    const headers = { "docker-content-digest": digestBytes(content) };
    registry.rule({ on: `PUT /v2/a/b/manifests/${document.digest}`, reply: answer(201, headers) });
    const pushed = open().push(document, sourceOf(manifest));
    await expect(pushed).rejects.toMatchObject({ code: "digest-mismatch" });
  });

  it("that was already resolved takes one request to tag", async () => {
    registry.rule(
      { on: at("v1"), reply: answer(200, type, manifest) },
      { on: "PUT /v2/a/b/manifests/v2", reply: answer(201) },
    );
    const store = open();
    await store.tag(await store.resolve("v1"), "v2");
    const lines = registry.requests.map(({ method, path }) => `${method} ${path}`);
    expect(lines).toEqual([at("v1"), "PUT /v2/a/b/manifests/v2"]);
    expect(Buffer.compare(registry.requests[1]?.body ?? Buffer.of(), manifest)).toBe(0);
  });
});

it.each(["..", "%2e", "_catalog/../x", "t".repeat(129), "sha256:abc"])(
  "the invalid reference %s is never sent",
  async (reference) => {
    await expect(open().resolve(reference)).rejects.toThrow();
    expect(registry.requests).toEqual([]);
  },
);
