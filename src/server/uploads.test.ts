// SPDX-License-Identifier: MIT
import { mkdtemp, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { digestBytes } from "../bytes/hash.ts";
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

async function startUpload(): Promise<string> {
  const { headers } = await ask("POST", "/v2/a/blobs/uploads/");
  return String(headers["location"]);
}

describe("blobs", () => {
  it("are served whole and in parts", async () => {
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

  it("that are damaged on the disk never arrive whole", async () => {
    const digest = await pushBlob("a", layer);
    const file = join(directory, "blobs", ...digest.split(":"));
    await rm(file);
    await writeFile(file, layer.toReversed());
    await expect(ask("GET", `/v2/a/blobs/${digest}`)).rejects.toThrow();
  });

  it("can be deleted, and are not found afterwards", async () => {
    const path = `/v2/a/blobs/${await pushBlob("a", layer)}`;
    expect((await ask("DELETE", path)).status).toBe(202);
    const gone = await ask("GET", path);
    expect([gone.status, gone.code]).toEqual([404, "BLOB_UNKNOWN"]);
    expect((await ask("DELETE", path)).status).toBe(404);
  });

  it("are mounted when they are stored; otherwise an upload is started", async () => {
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
    expect((await ask("GET", location)).code).toBe("BLOB_UPLOAD_UNKNOWN");
  });

  it("may come as one PUT, even when it is empty", async () => {
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

  it.each(["in one piece", "in chunks"])("of wrong bytes %s leaves nothing behind", async (how) => {
    const location = await startUpload();
    const wrong = layer.toReversed();
    if (how === "in chunks") await ask("PATCH", location, wrong);
    const body = how === "in chunks" ? undefined : wrong;
    const end = await ask("PUT", `${location}?digest=${digest}`, body);
    expect([end.status, end.code]).toEqual([400, "DIGEST_INVALID"]);
    expect((await readdir(directory)).sort()).toEqual(["blobs", "index.json", "oci-layout"]);
    expect((await ask("HEAD", `/v2/a/blobs/${digestBytes(wrong)}`)).status).toBe(404);
  });

  it("continues from what arrived after its connection broke", async () => {
    const location = await startUpload();
    await sendAndBreak(
      `PATCH ${location} HTTP/1.1\r\nhost: localhost\r\ncontent-length: 100000\r\n\r\n`,
    );
    await expect.poll(async () => (await ask("GET", location)).headers["range"]).toBe("0-999");
    const rest = { "content-range": "1000-99999" };
    await expect
      .poll(async () => (await ask("PATCH", location, layer.subarray(1_000), rest)).status)
      .toBe(202);
    expect((await ask("PUT", `${location}?digest=${digest}`)).status).toBe(201);
  });

  it("can be cancelled", async () => {
    const location = await startUpload();
    await ask("PATCH", location, layer);
    expect((await ask("DELETE", location)).status).toBe(204);
    expect((await ask("DELETE", location)).status).toBe(404);
    expect((await readdir(directory)).sort()).toEqual(["blobs", "index.json", "oci-layout"]);
  });

  it("is unknown in every other repository", async () => {
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

describe("a blob that is stored already", () => {
  const digest = digestBytes(layer);
  const file = (): string => join(directory, "blobs", ...digest.split(":"));
  const upload = {
    "in one request": (bytes: Uint8Array) =>
      ask("POST", `/v2/a/blobs/uploads/?digest=${digest}`, bytes),
    "in one PUT": async (bytes: Uint8Array) =>
      ask("PUT", `${await startUpload()}?digest=${digest}`, bytes),
    "in chunks": async (bytes: Uint8Array) => {
      const location = await startUpload();
      await ask("PATCH", location, bytes);
      return ask("PUT", `${location}?digest=${digest}`);
    },
  };
  const ways = Object.keys(upload) as (keyof typeof upload)[];

  it.each(ways)("does not make the server accept other bytes %s", async (way) => {
    await pushBlob("a", layer);
    const refused = await upload[way](layer.toReversed());
    expect([refused.status, refused.code]).toEqual([400, "DIGEST_INVALID"]);
    expect(Buffer.compare(await readFile(file()), layer)).toBe(0);
  });

  it.each(ways)("is repaired by an upload %s when it is damaged or cut short", async (way) => {
    await pushBlob("a", layer);
    for (const damaged of [new Uint8Array(layer.length), layer.subarray(1)]) {
      await rm(file());
      await writeFile(file(), damaged);
      expect((await upload[way](layer)).status).toBe(201);
      expect(Buffer.compare(await readFile(file()), layer)).toBe(0);
    }
  });
});
