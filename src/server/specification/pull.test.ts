// SPDX-License-Identifier: MIT
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { digestBytes } from "../../bytes/hash.ts";
import type { Descriptor } from "../../oci/documents/descriptor.ts";
import { imageOf, LAYER, registryClient } from "../../testing/registry-client.ts";
import { serveRegistry, type RegistryServer } from "../serve.ts";

// distribution-spec, "Pull"; HTTP semantics from RFC 9110.

let directory: string;
let server: RegistryServer;
let image: Descriptor;
const client = registryClient(() => server.url);
const blob = `/v2/a/blobs/${digestBytes(LAYER)}`;
beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), "oci-kit-test-"));
  server = await serveRegistry({ directory });
  image = await client.pushImage("a", "v1");
});
afterAll(async () => {
  await server.close();
  rmSync(directory, { recursive: true });
});

const places = (): readonly string[] => [
  blob,
  "/v2/a/manifests/v1",
  `/v2/a/manifests/${image.digest}`,
];

const OF_CONNECTION = new Set(["connection", "keep-alive", "date"]);

describe("HEAD", () => {
  it("has the headers of GET, the length and digest among them, and no body", async () => {
    for (const path of places()) {
      const get = await client.ask("GET", path);
      const head = await client.ask("HEAD", path);
      expect([get.status, head.status, head.body.length]).toEqual([200, 200, 0]);
      const { headers } = head;
      for (const name of Object.keys(get.headers).filter((key) => !OF_CONNECTION.has(key))) {
        expect([name, headers[name]]).toEqual([name, get.headers[name]]);
      }
      expect(head.headers["content-length"]).toBe(String(get.body.length));
      expect(head.headers["docker-content-digest"]).toBe(digestBytes(get.body));
    }
  });

  it("of what is not there is 404, with the headers of GET", async () => {
    const missing = `sha256:${"0".repeat(64)}`;
    for (const path of [
      `/v2/a/blobs/${missing}`,
      `/v2/a/manifests/${missing}`,
      "/v2/a/manifests/x",
    ]) {
      const [get, head] = [await client.ask("GET", path), await client.ask("HEAD", path)];
      expect([get.status, head.status, head.body.length]).toEqual([404, 404, 0]);
      expect(head.headers["content-length"]).toBe(get.headers["content-length"]);
      expect(get.code).toMatch(/^(?:BLOB|MANIFEST)_UNKNOWN$/);
    }
  });
});

describe("a conditional GET", () => {
  it.each(["GET", "HEAD"] as const)("%s of content that the client has is 304", async (method) => {
    for (const path of places()) {
      const etag = String((await client.ask("HEAD", path)).headers["etag"]);
      for (const known of [etag, `W/${etag}`, `"x", ${etag}`, "*"]) {
        const answer = await client.ask(method, path, undefined, { "if-none-match": known });
        expect([known, answer.status, answer.headers["etag"]]).toEqual([known, 304, etag]);
        expect(answer.body).toHaveLength(0);
      }
    }
  });

  it("of content that the client does not have is 200", async () => {
    for (const path of places()) {
      const answer = await client.ask("GET", path, undefined, { "if-none-match": '"x"' });
      expect(answer.status).toBe(200);
    }
  });

  it("that wants other content than there is now is 412", async () => {
    for (const path of places()) {
      const etag = String((await client.ask("HEAD", path)).headers["etag"]);
      for (const wanted of ['"x"', `W/${etag}`]) {
        const refused = await client.ask("GET", path, undefined, { "if-match": wanted });
        expect([refused.status, refused.code]).toEqual([412, "DENIED"]);
      }
      expect((await client.ask("GET", path, undefined, { "if-match": etag })).status).toBe(200);
    }
  });
});

describe("a range of a blob", () => {
  const size = LAYER.length;
  const range = async (value: string, more = {}): ReturnType<typeof client.ask> =>
    client.ask("GET", blob, undefined, { range: value, ...more });

  it.each([
    ["bytes=1-3", 1, 3],
    ["bytes=0-0", 0, 0],
    ["bytes=4-", 4, size - 1],
    ["bytes=-2", size - 2, size - 1],
    ["bytes=2-9999", 2, size - 1],
    ["bytes=-9999", 0, size - 1],
  ])("%s is 206", async (value, start, end) => {
    const answer = await range(value);
    expect([answer.status, answer.headers["content-range"]]).toEqual([
      206,
      `bytes ${start}-${end}/${size}`,
    ]);
    expect([...answer.body]).toEqual([...LAYER.subarray(start, end + 1)]);
  });

  it.each(["bytes=7-", "bytes=9999-10000", "bytes=-0"])(
    "%s is 416 and says the size",
    async (value) => {
      const answer = await range(value);
      expect([answer.status, answer.code, answer.headers["content-range"]]).toEqual([
        416,
        "SIZE_INVALID",
        `bytes */${size}`,
      ]);
    },
  );

  it.each(["bytes=3-1", "bytes=", "items=0-1", "bytes=0-1,3-4", "x"])(
    "%s, which is not one range, is answered with everything",
    async (value) => {
      const answer = await range(value);
      expect([answer.status, answer.body.length]).toEqual([200, size]);
    },
  );

  it("counts only if the client's part is of this very content", async () => {
    const etag = String((await client.ask("HEAD", blob)).headers["etag"]);
    expect((await range("bytes=0-3", { "if-range": etag })).status).toBe(206);
    for (const other of ['"other"', `W/${etag}`, "Thu, 26 Nov 2026 00:00:00 GMT"]) {
      const answer = await range("bytes=0-3", { "if-range": other });
      expect([answer.status, answer.body.length]).toEqual([200, size]);
    }
  });

  it("does not count for HEAD", async () => {
    const answer = await client.ask("HEAD", blob, undefined, { range: "bytes=0-3" });
    expect([answer.status, answer.headers["content-length"]]).toEqual([200, String(size)]);
  });
});

it("a manifest comes with the type that it was pushed with, without parameters", async () => {
  const untyped = imageOf("untyped", { mediaType: undefined });
  const type = "application/vnd.oci.image.manifest.v1+json";
  const digest = digestBytes(untyped);
  const put = await client.ask("PUT", `/v2/a/manifests/${digest}`, untyped, {
    "content-type": `${type}; charset=utf-8`,
  });
  expect(put.status).toBe(201);
  const found = await client.ask("GET", `/v2/a/manifests/${digest}`);
  expect(found.headers["content-type"]).toBe(type);
  expect(digestBytes(found.body)).toBe(digest);
});

it("an unknown repository has nothing, and a name that is none is refused", async () => {
  expect((await client.ask("GET", "/v2/none/manifests/v1")).status).toBe(404);
  const wrong = await client.ask("GET", "/v2/No/manifests/v1");
  expect([wrong.status, wrong.code]).toEqual([400, "NAME_INVALID"]);
  const tag = await client.ask("GET", `/v2/a/manifests/${"x".repeat(129)}`);
  expect(tag.status).toBe(400);
});
