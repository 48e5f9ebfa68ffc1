// SPDX-License-Identifier: MIT
import { mkdtemp, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { describe as describeBytes } from "../bytes/describe-content.ts";
import { digestBytes } from "../bytes/hash.ts";
import type { Descriptor } from "../oci/documents/descriptor.ts";
import { MediaType } from "../oci/media-types.ts";
import { openLayout } from "../store/layout/layout.ts";
import { askRegistry } from "../testing/ask-registry.ts";
import { serveRegistry } from "./serve.ts";
import type { RegistryServer } from "./serve.ts";

let directory: string;
let server: RegistryServer;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "oci-kit-test-"));
  server = await serveRegistry({ directory });
});
afterEach(async () => {
  await server.close();
  await rm(directory, { recursive: true });
});

type Ask = Parameters<typeof askRegistry> extends [string, ...infer Rest] ? Rest : never;

function ask(...rest: Ask): ReturnType<typeof askRegistry> {
  return askRegistry(server.url, ...rest);
}

const encode = (value: unknown): Uint8Array => new TextEncoder().encode(JSON.stringify(value));
const layer = new Uint8Array(100_000).map((_, at) => at % 251);
const config = encode({ architecture: "riscv64", os: "linux" });

async function pushBlob(repository: string, bytes: Uint8Array): Promise<string> {
  const digest = digestBytes(bytes);
  const { status } = await ask("POST", `/v2/${repository}/blobs/uploads/?digest=${digest}`, bytes);
  expect(status).toBe(201);
  return digest;
}

/** A manifest of the layer and the config; each note gives another digest. */
function manifestOf(note: string, extra: object = {}): Uint8Array {
  return encode({
    schemaVersion: 2,
    mediaType: MediaType.manifest,
    config: describeBytes(MediaType.config, config),
    layers: [describeBytes(MediaType.layer, layer)],
    annotations: { note },
    ...extra,
  });
}

function put(
  repository: string,
  reference: string,
  bytes: Uint8Array,
): ReturnType<typeof askRegistry> {
  const headers = { "content-type": MediaType.manifest };
  return ask("PUT", `/v2/${repository}/manifests/${reference}`, bytes, headers);
}

async function pushImage(repository: string, tag: string, note = tag): Promise<Descriptor> {
  await pushBlob(repository, layer);
  await pushBlob(repository, config);
  const manifest = manifestOf(note);
  expect((await put(repository, tag, manifest)).status).toBe(201);
  return describeBytes(MediaType.manifest, manifest);
}

async function startUpload(): Promise<string> {
  const { headers } = await ask("POST", "/v2/a/blobs/uploads/");
  return String(headers["location"]);
}

describe("manifests", () => {
  it("are served by tag and by digest", async () => {
    const { digest } = await pushImage("team/app", "v1");
    for (const reference of ["v1", digest]) {
      const found = await ask("GET", `/v2/team/app/manifests/${reference}`);
      expect(found.status).toBe(200);
      expect(found.headers["content-type"]).toBe(MediaType.manifest);
      expect(found.headers["docker-content-digest"]).toBe(digest);
      expect(digestBytes(found.body)).toBe(digest);
      const head = await ask("HEAD", `/v2/team/app/manifests/${reference}`);
      expect(head.headers["content-length"]).toBe(String(found.body.length));
    }
    const other = await ask("GET", "/v2/team/other/manifests/v1");
    expect([other.status, other.code]).toEqual([404, "MANIFEST_UNKNOWN"]);
  });

  it("stay available by digest when their tag moves on", async () => {
    const first = await pushImage("a", "v1", "first");
    const second = await pushImage("a", "v1", "second");
    const tagged = await ask("HEAD", "/v2/a/manifests/v1");
    expect(tagged.headers["docker-content-digest"]).toBe(second.digest);
    expect((await ask("HEAD", `/v2/a/manifests/${first.digest}`)).status).toBe(200);
  });

  it("are refused while something that they name is missing", async () => {
    const early = await put("a", "v1", manifestOf("x"));
    expect([early.status, early.code]).toEqual([404, "MANIFEST_BLOB_UNKNOWN"]);
    expect((await ask("GET", "/v2/a/tags/list")).status).toBe(404);
    await pushImage("a", "v1");
    const index = encode({
      schemaVersion: 2,
      mediaType: MediaType.index,
      manifests: [{ ...describeBytes(MediaType.manifest, config), size: 1 }],
    });
    const headers = { "content-type": MediaType.index };
    expect((await ask("PUT", "/v2/a/manifests/all", index, headers)).code).toBe(
      "MANIFEST_BLOB_UNKNOWN",
    );
  });

  it.each([
    ["under another digest", digestBytes(layer), manifestOf("x"), MediaType.manifest],
    ["under another type", "v1", manifestOf("x"), MediaType.index],
    ["that are also an index", "v1", manifestOf("x", { manifests: [] }), MediaType.manifest],
    ["that are not JSON", "v1", new TextEncoder().encode("{"), MediaType.manifest],
    ["of an unknown type", "v1", encode({}), "application/json"],
  ])("%s are refused", async (_, reference, bytes, type) => {
    await pushBlob("a", layer);
    await pushBlob("a", config);
    const refused = await ask("PUT", `/v2/a/manifests/${reference}`, bytes, {
      "content-type": type,
    });
    expect(refused.status).toBe(400);
    expect((await openLayout(directory).then((layout) => layout.capabilities.roots())).length).toBe(
      0,
    );
  });

  it("that are too large are refused", async () => {
    const refused = await put("a", "v1", new Uint8Array(4 * 1024 * 1024 + 1));
    expect([refused.status, refused.code]).toEqual([413, "SIZE_INVALID"]);
  });

  it("that are damaged are not served, and a push repairs them", async () => {
    const { digest } = await pushImage("a", "v1");
    const file = join(directory, "blobs", ...digest.split(":"));
    const { length } = await readFile(file);
    await rm(file);
    await writeFile(file, new Uint8Array(length));
    expect((await ask("GET", `/v2/a/manifests/${digest}`)).status).toBe(500);
    expect((await put("a", "v1", manifestOf("v1"))).status).toBe(201);
    expect((await ask("GET", `/v2/a/manifests/${digest}`)).status).toBe(200);
  });

  it("stay available by digest when their tag is deleted", async () => {
    const { digest } = await pushImage("a", "v1");
    expect((await ask("DELETE", "/v2/a/manifests/v1")).status).toBe(202);
    expect((await ask("GET", "/v2/a/manifests/v1")).status).toBe(404);
    expect((await ask("GET", `/v2/a/manifests/${digest}`)).status).toBe(200);
  });

  it("are deleted with all their tags, but stay in other repositories that have them", async () => {
    const { digest } = await pushImage("a", "v1");
    await put("a", "v2", manifestOf("v1"));
    await pushImage("b", "v1");
    expect((await ask("DELETE", `/v2/a/manifests/${digest}`)).status).toBe(202);
    expect(JSON.parse((await ask("GET", "/v2/a/tags/list")).text)).toEqual({ name: "a", tags: [] });
    expect((await ask("GET", `/v2/a/manifests/${digest}`)).status).toBe(404);
    expect((await ask("GET", "/v2/b/manifests/v1")).status).toBe(200);
    expect((await ask("DELETE", `/v2/b/manifests/${digest}`)).status).toBe(202);
    expect((await ask("GET", `/v2/b/manifests/${digest}`)).status).toBe(404);
  });

  it("with a subject are listed as its referrers", async () => {
    const image = await pushImage("a", "v1");
    const about = manifestOf("sig", { subject: image, artifactType: "application/x.sig" });
    const pushed = await put("a", digestBytes(about), about);
    expect(pushed.headers["oci-subject"]).toBe(image.digest);
    const list = async (query = ""): Promise<readonly Descriptor[]> => {
      const { text, headers } = await ask("GET", `/v2/a/referrers/${image.digest}${query}`);
      expect(headers["content-type"]).toBe(MediaType.index);
      return (JSON.parse(text) as { manifests: Descriptor[] }).manifests;
    };
    expect(await list()).toEqual([
      {
        ...describeBytes(MediaType.manifest, about),
        artifactType: "application/x.sig",
        annotations: { note: "sig" },
      },
    ]);
    expect(await list("?artifactType=application/x.other")).toEqual([]);
  });
});

describe("lists", () => {
  it("come in pages, each with a link to the next", async () => {
    for (const tag of ["c", "a", "b"]) await pushImage("a", tag, "same");
    const first = await ask("GET", "/v2/a/tags/list?n=2");
    expect(JSON.parse(first.text)).toEqual({ name: "a", tags: ["a", "b"] });
    expect(first.headers["link"]).toBe('</v2/a/tags/list?last=b&n=2>; rel="next"');
    const second = await ask("GET", "/v2/a/tags/list?last=b&n=2");
    expect(JSON.parse(second.text)).toEqual({ name: "a", tags: ["c"] });
    expect(second.headers["link"]).toBeUndefined();
    expect(JSON.parse((await ask("GET", "/v2/a/tags/list?n=0")).text)).toEqual({
      name: "a",
      tags: [],
    });
  });

  it("of repositories name all that have tags", async () => {
    await pushImage("b/c", "v1");
    await pushImage("a", "v1");
    expect(JSON.parse((await ask("GET", "/v2/_catalog")).text)).toEqual({
      repositories: ["a", "b/c"],
    });
  });
});

describe("the server", () => {
  it("says that it is a registry, and which operations it does not support", async () => {
    const base = await ask("GET", "/v2/");
    expect([base.status, base.headers["docker-distribution-api-version"]]).toEqual([
      200,
      "registry/2.0",
    ]);
    expect((await ask("GET", "/")).status).toBe(404);
    const wrong = await ask("DELETE", "/v2/_catalog");
    expect([wrong.status, wrong.code, wrong.headers["allow"]]).toEqual([405, "UNSUPPORTED", "GET"]);
  });

  it.each([
    ["/v2/../../etc/passwd/blobs/x", 400],
    ["/v2/A/tags/list", 400],
    ["/v2/a/blobs/sha256:..%2f..%2f..%2fetc%2fpasswd", 404],
    [`/v2/a/blobs/md5:${"0".repeat(32)}`, 400],
  ])("refuses %s", async (path, status) => {
    const raw = await rawGet(path);
    expect(raw).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
  });

  it("keeps its directory a valid layout that other tools can use at the same time", async () => {
    const image = await pushImage("team/app", "v1");
    const layout = await openLayout(directory);
    expect((await layout.resolve("team/app:v1")).digest).toBe(image.digest);
    await layout.tag(image, "team/app:v2");
    await layout.tag(image, "bare");
    expect((await ask("HEAD", "/v2/team/app/manifests/v2")).status).toBe(200);
    const index = JSON.parse(await readFile(join(directory, "index.json"), "utf8")) as unknown;
    expect(index).toMatchObject({ schemaVersion: 2, mediaType: MediaType.index });
  });

  it("frees its port when it closes during an upload", async () => {
    const location = await startUpload();
    await ask("PATCH", location, layer);
    await server.close();
    expect((await readdir(directory)).sort()).toEqual(["blobs", "index.json", "oci-layout"]);
    server = await serveRegistry({ directory, port: server.port });
    expect((await ask("GET", "/v2/")).status).toBe(200);
  });

  it("fails clearly when its port is taken", async () => {
    const second = serveRegistry({ directory, port: server.port });
    await expect(second).rejects.toThrow(/EADDRINUSE/);
  });

  it("refuses a directory that is not a layout", async () => {
    const wrong = join(directory, "blobs");
    await writeFile(join(wrong, "file"), "x");
    await expect(serveRegistry({ directory: wrong })).rejects.toMatchObject({
      code: "invalid-layout",
    });
  });
});

/** Sends a path unchanged; other HTTP clients would resolve the dots in it. */
function rawGet(path: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = "";
    const socket = connect(server.port, server.host, () => {
      socket.write(`GET ${path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n`);
    });
    socket.on("data", (chunk: Buffer) => (text += chunk.toString("latin1")));
    socket.on("end", () => resolve(text));
    socket.on("error", reject);
  });
}
