// SPDX-License-Identifier: MIT
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openFaulty } from "../../../test/fixtures/faulty-repository.ts";
import { describe as describeBytes } from "../../bytes/describe-content.ts";
import { digestBytes } from "../../bytes/hash.ts";
import { formatJson } from "../../oci/json.ts";
import { MediaType } from "../../oci/media-types.ts";
import { answer, startFaultyRegistry, type FaultyRegistry } from "../../testing/faulty-registry.ts";

let registry: FaultyRegistry;
beforeEach(async () => {
  registry = await startFaultyRegistry();
});
afterEach(async () => {
  await registry.close();
});

const config = { mediaType: MediaType.config, digest: digestBytes(new Uint8Array()), size: 0 };
const value = { schemaVersion: 2, config, layers: [] };
const manifest = formatJson({ ...value, mediaType: MediaType.manifest });
const document = describeBytes(MediaType.manifest, manifest);
const lines = (): string[] => registry.requests.map(({ method, path }) => `${method} ${path}`);

describe("what a tag names", () => {
  const path = "/v2/a/b/manifests/v1";
  const lookUp = (reference = "v1"): ReturnType<ReturnType<typeof openFaulty>["resolve"]> =>
    openFaulty(registry).capabilities.lookUp(reference);
  const headers = {
    "content-type": MediaType.manifest,
    "docker-content-digest": document.digest,
    "content-length": String(document.size),
  };

  it("takes one HEAD to look up", async () => {
    registry.rule({ on: `HEAD ${path}`, reply: answer(200, headers) });
    expect(await lookUp()).toEqual(document);
    expect(lines()).toEqual([`HEAD ${path}`]);
  });

  it.each([400, 403, 404, 405, 501])(
    "is read with GET where HEAD is answered with status %d",
    async (status) => {
      registry.rule(
        { on: `HEAD ${path}`, reply: answer(status) },
        { on: `GET ${path}`, reply: answer(200, headers, manifest) },
      );
      expect(await lookUp()).toEqual(document);
    },
  );

  it.each(["content-type", "docker-content-digest"])(
    "is read with GET where the answer to HEAD has no %s",
    async (name) => {
      registry.rule(
        { on: `HEAD ${path}`, reply: answer(200, { ...headers, [name]: "" }) },
        { on: `GET ${path}`, reply: answer(200, {}, manifest) },
      );
      expect(await lookUp()).toEqual(document);
    },
  );

  it("is not there when neither HEAD nor GET finds it", async () => {
    await expect(lookUp()).rejects.toMatchObject({ code: "not-found" });
  });

  it("is refused when it is another than the digest that was asked for", async () => {
    const other = digestBytes(new Uint8Array(1));
    registry.rule({ on: /^HEAD/, reply: answer(200, headers) });
    await expect(lookUp(other)).rejects.toMatchObject({ code: "digest-mismatch" });
  });

  it("may be said twice, by two proxies, but not in two ways", async () => {
    const twice = `${document.digest}, ${document.digest}`;
    registry.rule({
      on: /^HEAD/,
      reply: answer(200, { ...headers, "docker-content-digest": twice }),
    });
    expect(await lookUp()).toEqual(document);
    const other = `${document.digest}, ${digestBytes(new Uint8Array(1))}`;
    registry.rule({
      on: /^HEAD/,
      reply: answer(200, { ...headers, "docker-content-digest": other }),
    });
    await expect(lookUp()).rejects.toMatchObject({ code: "digest-mismatch" });
  });
});

describe("a blob where HEAD is refused", () => {
  const blob = describeBytes(MediaType.octetStream, new Uint8Array(5));
  const path = `/v2/a/b/blobs/${blob.digest}`;

  it.each([400, 403, 405, 501])("with status %d is asked for with GET", async (status) => {
    registry.rule(
      { on: `HEAD ${path}`, reply: answer(status) },
      { on: `GET ${path}`, reply: answer(206, { "content-range": "bytes 0-0/5" }, "x") },
    );
    const store = openFaulty(registry);
    expect(await store.exists(blob)).toBe(true);
    expect(await store.exists(blob)).toBe(true);
    expect(lines()).toEqual([`HEAD ${path}`, `GET ${path}`, `GET ${path}`]);
    expect(registry.requests[1]?.headers["range"]).toBe("bytes=0-0");
  });

  it.each([
    [answer(206, { "content-range": "bytes 0-0/6" }, "x"), false],
    [answer(200, {}, "12345"), true],
    [answer(200, {}, "123456"), false],
    [answer(404), false],
    [answer(416), false],
  ])("is judged by the answer to GET: %j", async (reply, isThere) => {
    registry.rule({ on: `HEAD ${path}`, reply: answer(405) }, { on: `GET ${path}`, reply });
    expect(await openFaulty(registry).exists(blob)).toBe(isThere);
  });

  it("is there when it is empty and has no first byte", async () => {
    const empty = describeBytes(MediaType.octetStream, new Uint8Array());
    registry.rule({ on: /^HEAD/, reply: answer(405) }, { on: /^GET/, reply: answer(416) });
    expect(await openFaulty(registry).exists(empty)).toBe(true);
  });

  it("is an error, in the registry's own words, when GET is refused, too", async () => {
    registry.rule({ on: /^HEAD|^GET/, reply: answer(403, {}, '{"message":"blocked by policy"}') });
    await expect(openFaulty(registry).exists(blob)).rejects.toThrow("blocked by policy");
  });
});

describe("the media type of a manifest", () => {
  const index = { schemaVersion: 2, manifests: [document] };
  const typed = async (header: string | undefined, body: unknown): Promise<string> => {
    const headers = header === undefined ? {} : { "content-type": header };
    registry.rule({ on: /^GET/, reply: answer(200, headers, formatJson(body)) });
    return (await openFaulty(registry).resolve("v1")).mediaType;
  };

  it.each([
    [undefined, index, MediaType.index],
    [undefined, value, MediaType.manifest],
    ["application/json", value, MediaType.manifest],
    ["Application/JSON; charset=UTF-8", { ...value, mediaType: null }, MediaType.manifest],
    ["text/plain", { ...value, mediaType: MediaType.dockerManifest }, MediaType.dockerManifest],
    ["binary/octet-stream", { ...value, MEDIATYPE: MediaType.manifest }, MediaType.manifest],
    ["text/html; charset=utf-8", { ...index, mediaType: MediaType.index }, MediaType.index],
    [MediaType.dockerManifest, value, MediaType.dockerManifest],
    [MediaType.manifest.toUpperCase(), value, MediaType.manifest],
    [MediaType.dockerManifest, { ...value, mediaType: MediaType.manifest }, MediaType.manifest],
    [MediaType.dockerManifestList, { ...index, mediaType: MediaType.index }, MediaType.index],
  ])("with the header %j is the document's own: %j", async (header, body, expected) => {
    expect(await typed(header, body)).toBe(expected);
  });

  it.each([
    [MediaType.index, value],
    [MediaType.manifest, index],
    [MediaType.index, { ...value, mediaType: MediaType.manifest }],
    ["application/vnd.other+json", { ...value, mediaType: MediaType.manifest }],
    ["application/json", { ...value, manifests: [] }],
    ["application/json", { ...value, mediaType: 7 }],
    [undefined, {}],
    [undefined, []],
  ])("that could be read in two ways, or in none, is refused: %j %j", async (header, body) => {
    await expect(typed(header, body)).rejects.toMatchObject({ code: "invalid-manifest" });
  });

  it.each([
    ["application/vnd.docker.distribution.manifest.v1+prettyjws", { schemaVersion: 1 }],
    ["application/json", { schemaVersion: 1, fsLayers: [] }],
  ])("of Docker's schema 1 is named as not supported: %j", async (header, body) => {
    const failed = typed(header, body);
    await expect(failed).rejects.toMatchObject({ code: "unsupported-media-type" });
    await expect(failed).rejects.toThrow("schema 1");
  });

  it("is not asked of a web page", async () => {
    const page = "<html><title>Sign in</title></html>";
    registry.rule({ on: /^GET/, reply: answer(200, { "content-type": "text/html" }, page) });
    const failed = openFaulty(registry).resolve("v1");
    await expect(failed).rejects.toMatchObject({ code: "invalid-manifest" });
    await expect(failed).rejects.toThrow("got a web page");
  });
});
