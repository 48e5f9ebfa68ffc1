// SPDX-License-Identifier: MIT
import { mkdtemp, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { request } from "undici";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { describe as describeBytes } from "../bytes/describe.ts";
import { digestBytes } from "../bytes/hash.ts";
import type { Descriptor } from "../oci/descriptor.ts";
import { MediaType } from "../oci/media-types.ts";
import { openLayout } from "../store/layout.ts";
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

type Method = "GET" | "HEAD" | "POST" | "PUT" | "PATCH" | "DELETE";

interface Reply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: Uint8Array;
  readonly text: string;
}

async function ask(
  method: Method,
  path: string,
  body?: Uint8Array | string,
  headers: Record<string, string> = {},
): Promise<Reply> {
  const answer = await request(server.url + path, { method, body: body ?? null, headers });
  const bytes = await answer.body.bytes();
  const text = new TextDecoder().decode(bytes);
  return { status: answer.statusCode, headers: answer.headers, body: bytes, text };
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

/** A manifest of the layer and the config, different for each note. */
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

async function put(repository: string, reference: string, bytes: Uint8Array): Promise<Reply> {
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

function code(reply: Reply): unknown {
  return (JSON.parse(reply.text) as { errors: { code: string }[] }).errors[0]?.code;
}

async function startUpload(): Promise<string> {
  const { headers } = await ask("POST", "/v2/a/blobs/uploads/");
  return String(headers["location"]);
}

describe("blobs", () => {
  it("are given whole and in parts", async () => {
    const path = `/v2/a/blobs/${await pushBlob("a", layer)}`;
    const whole = await ask("GET", path);
    expect(Buffer.compare(whole.body, layer)).toBe(0);
    expect(whole.headers["accept-ranges"]).toBe("bytes");
    const part = await ask("GET", path, undefined, { range: "bytes=10-19" });
    expect([part.status, part.headers["content-range"]]).toEqual([206, "bytes 10-19/100000"]);
    expect([...part.body]).toEqual([...layer.subarray(10, 20)]);
    const head = await ask("HEAD", path);
    expect([head.status, head.headers["content-length"]]).toEqual([200, "100000"]);
    const outside = await ask("GET", path, undefined, { range: "bytes=100000-" });
    expect([outside.status, outside.headers["content-range"]]).toEqual([416, "bytes */100000"]);
  });

  it("damaged on the disk never arrive whole", async () => {
    const digest = await pushBlob("a", layer);
    const file = join(directory, "blobs", ...digest.split(":"));
    await rm(file);
    await writeFile(file, layer.toReversed());
    await expect(ask("GET", `/v2/a/blobs/${digest}`)).rejects.toThrow();
  });

  it("can be deleted, and are unknown then", async () => {
    const path = `/v2/a/blobs/${await pushBlob("a", layer)}`;
    expect((await ask("DELETE", path)).status).toBe(202);
    const gone = await ask("GET", path);
    expect([gone.status, code(gone)]).toEqual([404, "BLOB_UNKNOWN"]);
    expect((await ask("DELETE", path)).status).toBe(404);
  });

  it("are mounted when they are there; else an upload begins", async () => {
    const digest = await pushBlob("a", layer);
    const mount = `/v2/b/blobs/uploads/?mount=${digest}&from=a`;
    expect((await ask("POST", mount)).status).toBe(201);
    const unknown = `/v2/b/blobs/uploads/?mount=${digestBytes(config)}&from=a`;
    expect((await ask("POST", unknown)).status).toBe(202);
  });
});

describe("an upload", () => {
  const digest = digestBytes(layer);

  it("may come in chunks that say where they belong", async () => {
    const location = await startUpload();
    const half = layer.subarray(0, 50_000);
    const first = await ask("PATCH", location, half, { "content-range": "0-49999" });
    expect([first.status, first.headers["range"]]).toEqual([202, "0-49999"]);
    const again = await ask("PATCH", location, half, { "content-range": "0-49999" });
    expect([again.status, again.headers["range"]]).toEqual([416, "0-49999"]);
    const longer = await ask("PATCH", location, half, { "content-range": "50000-50001" });
    expect(longer.status).toBe(416);
    expect((await ask("GET", location)).headers["range"]).toBe("0-49999");
    const rest = layer.subarray(50_000);
    const end = await ask("PUT", `${location}?digest=${digest}`, rest);
    expect([end.status, end.headers["docker-content-digest"]]).toEqual([201, digest]);
    expect(Buffer.compare((await ask("GET", `/v2/a/blobs/${digest}`)).body, layer)).toBe(0);
    expect(code(await ask("GET", location))).toBe("BLOB_UPLOAD_UNKNOWN");
  });

  it("may come as one PUT, also of nothing", async () => {
    expect((await ask("PUT", `${await startUpload()}?digest=${digest}`, layer)).status).toBe(201);
    const nothing = digestBytes(new Uint8Array());
    expect((await ask("PUT", `${await startUpload()}?digest=${nothing}`)).status).toBe(201);
    expect((await ask("HEAD", `/v2/a/blobs/${nothing}`)).headers["content-length"]).toBe("0");
  });

  it("of sha512 may come in one piece", async () => {
    const long = digestBytes(layer, "sha512");
    expect((await ask("PUT", `${await startUpload()}?digest=${long}`, layer)).status).toBe(201);
    expect((await ask("HEAD", `/v2/a/blobs/${long}`)).status).toBe(200);
  });

  it.each(["in one piece", "in chunks"])("of other bytes %s leaves nothing behind", async (how) => {
    const location = await startUpload();
    const wrong = layer.toReversed();
    if (how === "in chunks") await ask("PATCH", location, wrong);
    const body = how === "in chunks" ? undefined : wrong;
    const end = await ask("PUT", `${location}?digest=${digest}`, body);
    expect([end.status, code(end)]).toEqual([400, "DIGEST_INVALID"]);
    expect((await readdir(directory)).sort()).toEqual(["blobs", "index.json", "oci-layout"]);
    expect((await ask("HEAD", `/v2/a/blobs/${digestBytes(wrong)}`)).status).toBe(404);
  });

  it("goes on after its connection broke, from what arrived", async () => {
    const location = await startUpload();
    await sendAndBreak(`PATCH ${location} HTTP/1.1\r\nhost: x\r\ncontent-length: 100000\r\n\r\n`);
    await expect.poll(async () => (await ask("GET", location)).headers["range"]).toBe("0-999");
    const rest = { "content-range": "1000-99999" };
    await expect
      .poll(async () => (await ask("PATCH", location, layer.subarray(1_000), rest)).status)
      .toBe(202);
    expect((await ask("PUT", `${location}?digest=${digest}`)).status).toBe(201);
  });

  it("can be given up", async () => {
    const location = await startUpload();
    await ask("PATCH", location, layer);
    expect((await ask("DELETE", location)).status).toBe(204);
    expect((await ask("DELETE", location)).status).toBe(404);
    expect((await readdir(directory)).sort()).toEqual(["blobs", "index.json", "oci-layout"]);
  });

  it("belongs to its repository", async () => {
    const location = await startUpload();
    expect((await ask("GET", location.replace("/v2/a/", "/v2/b/"))).status).toBe(404);
  });
});

/** Sends a head and the first 1000 bytes of the layer, and breaks the connection. */
function sendAndBreak(head: string): Promise<void> {
  return new Promise((resolve) => {
    const socket = connect(server.port, server.host, () => {
      socket.write(head);
      socket.write(layer.subarray(0, 1_000), () => {
        setTimeout(() => socket.destroy(), 50);
      });
    });
    socket.on("close", () => resolve());
  });
}

describe("manifests", () => {
  it("are given by tag and by digest", async () => {
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
    expect([other.status, code(other)]).toEqual([404, "MANIFEST_UNKNOWN"]);
  });

  it("stay under their digest when their tag moves on", async () => {
    const first = await pushImage("a", "v1", "first");
    const second = await pushImage("a", "v1", "second");
    const tagged = await ask("HEAD", "/v2/a/manifests/v1");
    expect(tagged.headers["docker-content-digest"]).toBe(second.digest);
    expect((await ask("HEAD", `/v2/a/manifests/${first.digest}`)).status).toBe(200);
    const layout = await openLayout(directory);
    expect(await layout.capabilities.roots()).toHaveLength(2);
  });

  it("come after what they name", async () => {
    const early = await put("a", "v1", manifestOf("x"));
    expect([early.status, code(early)]).toEqual([404, "MANIFEST_BLOB_UNKNOWN"]);
    expect((await ask("GET", "/v2/a/tags/list")).status).toBe(404);
    await pushImage("a", "v1");
    const index = encode({
      schemaVersion: 2,
      mediaType: MediaType.index,
      manifests: [{ ...describeBytes(MediaType.manifest, config), size: 1 }],
    });
    const headers = { "content-type": MediaType.index };
    expect(code(await ask("PUT", "/v2/a/manifests/all", index, headers))).toBe(
      "MANIFEST_BLOB_UNKNOWN",
    );
  });

  it.each([
    ["under another digest", digestBytes(layer), manifestOf("x"), MediaType.manifest],
    ["under another type", "v1", manifestOf("x"), MediaType.index],
    ["that are an index too", "v1", manifestOf("x", { manifests: [] }), MediaType.manifest],
    ["that are no JSON", "v1", new TextEncoder().encode("{"), MediaType.manifest],
    ["that are something else", "v1", encode({}), "application/json"],
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

  it("larger than a manifest are refused", async () => {
    const refused = await put("a", "v1", new Uint8Array(4 * 1024 * 1024 + 1));
    expect([refused.status, code(refused)]).toEqual([413, "SIZE_INVALID"]);
  });

  it("lose a tag and keep their digest", async () => {
    const { digest } = await pushImage("a", "v1");
    expect((await ask("DELETE", "/v2/a/manifests/v1")).status).toBe(202);
    expect((await ask("GET", "/v2/a/manifests/v1")).status).toBe(404);
    expect((await ask("GET", `/v2/a/manifests/${digest}`)).status).toBe(200);
  });

  it("go with all their tags, but not from under another repository", async () => {
    const { digest } = await pushImage("a", "v1");
    await put("a", "v2", manifestOf("v1"));
    await put("b", "v1", manifestOf("v1"));
    expect((await ask("DELETE", `/v2/a/manifests/${digest}`)).status).toBe(202);
    expect((await ask("GET", "/v2/a/tags/list")).status).toBe(404);
    expect((await ask("GET", "/v2/b/manifests/v1")).status).toBe(200);
    expect((await ask("DELETE", `/v2/b/manifests/${digest}`)).status).toBe(202);
    expect((await ask("GET", `/v2/b/manifests/${digest}`)).status).toBe(404);
  });

  it("about another are listed with it", async () => {
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
  it("come in pages with a link to the next", async () => {
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

  it("name all repositories that have tags", async () => {
    await pushImage("b/c", "v1");
    await pushImage("a", "v1");
    expect(JSON.parse((await ask("GET", "/v2/_catalog")).text)).toEqual({
      repositories: ["a", "b/c"],
    });
  });
});

describe("the server", () => {
  it("says that it is a registry, and what it can't do", async () => {
    const base = await ask("GET", "/v2/");
    expect([base.status, base.headers["docker-distribution-api-version"]]).toEqual([
      200,
      "registry/2.0",
    ]);
    expect((await ask("GET", "/")).status).toBe(404);
    const wrong = await ask("DELETE", "/v2/_catalog");
    expect([wrong.status, code(wrong), wrong.headers["allow"]]).toEqual([
      405,
      "UNSUPPORTED",
      "GET",
    ]);
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

  it("keeps its directory a layout that others can use meanwhile", async () => {
    const image = await pushImage("team/app", "v1");
    const layout = await openLayout(directory);
    expect((await layout.resolve("team/app:v1")).digest).toBe(image.digest);
    await layout.tag(image, "team/app:v2");
    await layout.tag(image, "bare");
    expect((await ask("HEAD", "/v2/team/app/manifests/v2")).status).toBe(200);
    const index = JSON.parse(await readFile(join(directory, "index.json"), "utf8")) as unknown;
    expect(index).toMatchObject({ schemaVersion: 2, mediaType: MediaType.index });
  });

  it("frees its port when it closes, with an upload under way", async () => {
    const location = await startUpload();
    await ask("PATCH", location, layer);
    await server.close();
    expect((await readdir(directory)).sort()).toEqual(["blobs", "index.json", "oci-layout"]);
    server = await serveRegistry({ directory, port: server.port });
    expect((await ask("GET", "/v2/")).status).toBe(200);
  });

  it("says that its port is taken", async () => {
    const second = serveRegistry({ directory, port: server.port });
    await expect(second).rejects.toThrow(/EADDRINUSE/);
  });

  it("does not serve what is no layout", async () => {
    const wrong = join(directory, "blobs");
    await writeFile(join(wrong, "file"), "x");
    await expect(serveRegistry({ directory: wrong })).rejects.toMatchObject({
      code: "invalid-layout",
    });
  });
});

/** A path as it is: other clients resolve the dots in it. */
function rawGet(path: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = "";
    const socket = connect(server.port, server.host, () => {
      socket.write(`GET ${path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n`);
    });
    socket.on("data", (chunk: Buffer) => (text += chunk.toString("latin1")));
    socket.on("end", () => resolve(text));
    socket.on("error", reject);
  });
}
