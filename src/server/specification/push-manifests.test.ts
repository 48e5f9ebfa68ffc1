// SPDX-License-Identifier: MIT
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { describe as describeBytes } from "../../bytes/describe-content.ts";
import { digestBytes } from "../../bytes/hash.ts";
import type { RegistryAnswer } from "../../testing/ask-registry.ts";
import { MediaType } from "../../oci/media-types.ts";
import {
  CONFIG,
  describeDocument,
  documentOf,
  imageOf,
  indexOf,
  LAYER,
  registryClient,
} from "../../testing/registry-client.ts";
import { serveRegistry, type RegistryServer, type ServeOptions } from "../serve.ts";

// distribution-spec, "Pushing manifests"

let directory: string;
let server: RegistryServer;
const client = registryClient(() => server.url);
async function start(options: Partial<ServeOptions> = {}): Promise<void> {
  server = await serveRegistry({ directory, ...options });
}
beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), "oci-kit-test-"));
  await start();
});
afterEach(async () => {
  await server.close();
  rmSync(directory, { recursive: true });
});

const digestAt = async (reference: string): Promise<unknown> =>
  (await client.ask("HEAD", `/v2/a/manifests/${reference}`)).headers["docker-content-digest"];
async function pushBlobs(repository = "a"): Promise<void> {
  for (const bytes of [LAYER, CONFIG]) await client.pushBlob(repository, bytes);
}

describe("a manifest", () => {
  beforeEach(() => pushBlobs());

  it.each(["sha256", "sha512"] as const)("can be pushed by a %s digest", async (algorithm) => {
    const bytes = imageOf("x");
    const digest = digestBytes(bytes, algorithm);
    const put = await client.putManifest("a", digest, bytes);
    expect([put.status, put.headers["location"]]).toEqual([201, `/v2/a/manifests/${digest}`]);
    expect(put.headers["docker-content-digest"]).toBe(digest);
    expect(put.headers["oci-tag"]).toBeUndefined();
    const found = await client.ask("GET", `/v2/a/manifests/${digest}`);
    expect(Buffer.compare(found.body, bytes)).toBe(0);
    expect((await client.ask("GET", "/v2/a/tags/list")).text).toBe('{"name":"a","tags":[]}');
  });

  it.each(["sha256", "sha512"] as const)(
    "can be given many tags with its %s digest",
    async (algorithm) => {
      const bytes = imageOf("x");
      const digest = digestBytes(bytes, algorithm);
      const tags = Array.from({ length: 12 }, (_, at) => `v${at}`);
      const query = tags.map((tag) => `tag=${tag}`).join("&");
      const put = await client.putManifest("a", `${digest}?${query}`, bytes);
      expect([put.status, put.headers["oci-tag"]]).toEqual([201, tags.join(", ")]);
      for (const tag of tags) expect(await digestAt(tag)).toBe(digest);
    },
  );

  it("gets none of its tags when one is invalid or they are too many", async () => {
    const digest = digestBytes(imageOf("x"));
    const wrong = await client.putManifest("a", `${digest}?tag=ok&tag=-no`, imageOf("x"));
    expect(wrong.status).toBe(400);
    const many = Array.from({ length: 101 }, (_, at) => `tag=t${at}`).join("&");
    const refused = await client.putManifest("a", `${digest}?${many}`, imageOf("x"));
    expect([refused.status, refused.code]).toEqual([414, "UNSUPPORTED"]);
    expect((await client.ask("GET", "/v2/a/tags/list")).text).toBe('{"name":"a","tags":[]}');
  });

  it("with a subject that is not there is accepted, and the answer names the subject", async () => {
    const subject = describeDocument(imageOf("not pushed"));
    const put = await client.putManifest("a", "sig", imageOf("sig", { subject }));
    expect([put.status, put.headers["oci-subject"]]).toEqual([201, subject.digest]);
  });

  it("without layers, with unknown fields, and with data in its descriptors is accepted", async () => {
    const data = Buffer.from(CONFIG).toString("base64");
    const config = { ...describeBytes(MediaType.config, CONFIG), data };
    for (const fields of [{ layers: [] }, { "org.example.x": { y: [1] } }, { config }]) {
      const bytes = imageOf("x", fields);
      expect((await client.putManifest("a", "x", bytes)).status).toBe(201);
      expect(Buffer.compare((await client.ask("GET", "/v2/a/manifests/x")).body, bytes)).toBe(0);
    }
  });

  it("may name layers that are published elsewhere", async () => {
    const foreign = {
      ...describeBytes(MediaType.layer, documentOf("x")),
      urls: ["https://x.example"],
    };
    expect((await client.putManifest("a", "x", imageOf("x", { layers: [foreign] }))).status).toBe(
      201,
    );
  });

  it("of 4 MiB is accepted, and a larger one is 413", async () => {
    const padding = "x".repeat(4 * 1024 * 1024 - imageOf("").length);
    expect((await client.putManifest("a", "large", imageOf(padding))).status).toBe(201);
    const refused = await client.putManifest("a", "larger", imageOf(`${padding}x`));
    expect([refused.status, refused.code]).toEqual([413, "SIZE_INVALID"]);
  });

  it("that says another type than its header, or another digest, is refused", async () => {
    const type = await client.ask("PUT", "/v2/a/manifests/x", imageOf("x"), {
      "content-type": MediaType.index,
    });
    expect([type.status, type.code]).toEqual([400, "MANIFEST_INVALID"]);
    const digest = await client.putManifest("a", digestBytes(LAYER), imageOf("x"));
    expect([digest.status, digest.code]).toEqual([400, "DIGEST_INVALID"]);
  });
});

describe("an index", () => {
  it("may be empty, and may hold indexes", async () => {
    const empty = indexOf([]);
    expect((await client.putManifest("a", "empty", empty)).status).toBe(201);
    const nested = indexOf([describeDocument(empty)]);
    expect((await client.putManifest("a", "nested", nested)).status).toBe(201);
  });
});

describe("a push of something whose content is not in the repository", () => {
  const refused = [404, "MANIFEST_BLOB_UNKNOWN"];
  const index = indexOf([describeDocument(imageOf("x"))]);
  const put = async (bytes: Uint8Array): Promise<unknown[]> => {
    const { status, code } = await client.putManifest("a", "x", bytes);
    return [status, code];
  };

  it("is refused, even if another repository has it", async () => {
    await client.pushImage("b", "x");
    expect(await put(imageOf("x"))).toEqual(refused);
    expect(await put(index)).toEqual(refused);
    await pushBlobs();
    expect(await put(imageOf("x"))).toEqual([201, undefined]);
    expect(await put(index)).toEqual([201, undefined]);
  });

  it("is accepted by a registry for sparse images, which still has what it has", async () => {
    await server.close();
    await start({ sparse: true });
    expect(await put(imageOf("x", { layers: [] }))).toEqual([201, undefined]);
    expect(await put(index)).toEqual([201, undefined]);
    expect((await client.ask("GET", "/v2/a/manifests/x")).status).toBe(200);
    const child = await client.ask("GET", `/v2/a/manifests/${digestBytes(imageOf("x"))}`);
    expect(child.status).toBe(404);
  });
});

describe("a conditional push", () => {
  const put = (note: string, headers: Readonly<Record<string, string>>): Promise<RegistryAnswer> =>
    client.ask("PUT", "/v2/a/manifests/v1", imageOf(note), {
      "content-type": MediaType.manifest,
      ...headers,
    });
  const tagOf = (note: string): string => `"${digestBytes(imageOf(note))}"`;
  beforeEach(() => pushBlobs());

  it("moves a tag only if it still names what the client has seen", async () => {
    await put("one", {});
    expect((await put("two", { "if-match": tagOf("zero") })).status).toBe(412);
    expect(await digestAt("v1")).toBe(digestBytes(imageOf("one")));
    expect((await put("two", { "if-match": tagOf("one") })).status).toBe(201);
    expect((await put("three", { "if-match": tagOf("one") })).status).toBe(412);
    expect(await digestAt("v1")).toBe(digestBytes(imageOf("two")));
  });

  it("makes a tag only if there is none", async () => {
    expect((await put("one", { "if-match": "*" })).status).toBe(412);
    expect((await put("one", { "if-none-match": "*" })).status).toBe(201);
    expect((await put("two", { "if-none-match": "*" })).status).toBe(412);
    expect(await digestAt("v1")).toBe(digestBytes(imageOf("one")));
  });

  it("lets one of many clients that saw the same tag through", async () => {
    await put("zero", {});
    const seen = { "if-match": tagOf("zero") };
    const all = await Promise.all(Array.from({ length: 8 }, (_, at) => put(`client ${at}`, seen)));
    const counts = all.map(({ status }) => status).sort();
    expect(counts).toEqual([201, ...Array<number>(7).fill(412)]);
  });
});
