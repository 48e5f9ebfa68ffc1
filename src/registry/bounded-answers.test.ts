// SPDX-License-Identifier: MIT
import { createServer } from "node:net";
import type { AddressInfo, Socket } from "node:net";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { describe as describeBytes } from "../bytes/describe-content.ts";
import { readAll } from "../bytes/streams/read-all.ts";
import { MediaType } from "../oci/media-types.ts";
import { answer, bearerChallenge, startFaultyRegistry } from "../testing/faulty-registry.ts";
import type { FaultyRegistry, Reply } from "../testing/faulty-registry.ts";
import { openRepository } from "./repository.ts";
import type { RegistryOptions, RepositoryStore } from "./repository.ts";

let registry: FaultyRegistry;
beforeEach(async () => {
  registry = await startFaultyRegistry();
});
afterEach(async () => {
  await registry.close();
});

function open(limits: RegistryOptions["limits"], host = registry.host): RepositoryStore {
  const credentials = (): Promise<undefined> => Promise.resolve(undefined);
  const options = { credentials, retry: { attempts: 1 }, limits };
  return openRepository({ registry: host, repository: "a/b" }, options);
}

const content = new Uint8Array(5_000);
const blob = describeBytes(MediaType.octetStream, content);
const blobPath = `/v2/a/b/blobs/${blob.digest}`;
const tagsPath = /^GET \/v2\/a\/b\/tags/;
/** A minimum rate that one byte per millisecond never reaches. */
// The connection has to stand within this time too, on a busy machine.
const impatient = { idleTimeout: 250, leastRate: 100_000 };

describe("informational answers (1xx)", () => {
  const informational = (count: number): Reply => ({
    kind: "informational",
    count,
    then: answer(200),
  });

  it("that never stop do not keep us waiting for ever", async () => {
    registry.rule({ on: `HEAD ${blobPath}`, reply: informational(Infinity) });
    const failed = open({ informationalAnswers: 20 }).exists(blob);
    await expect(failed).rejects.toMatchObject({ code: "limit-exceeded" });
    await expect(failed).rejects.toThrow(/expected at most 20 answers with status 1xx/);
  });
  it("are accepted up to the limit, and the final answer is used", async () => {
    registry.rule({ on: `HEAD ${blobPath}`, reply: informational(20) });
    expect(await open({ informationalAnswers: 20 }).exists(blob)).toBe(true);
    const failed = open({ informationalAnswers: 19 }).exists(blob);
    await expect(failed).rejects.toMatchObject({ code: "limit-exceeded" });
  });
});

describe("an answer body that arrives far too slowly", () => {
  const drip = (status: number, body: Uint8Array | string): Reply => ({
    kind: "drip",
    status,
    body,
    every: 1,
  });

  it("is given up when it is a blob", async () => {
    registry.rule({ on: `GET ${blobPath}`, reply: drip(200, content) });
    const failed = readAll(open(impatient).fetch(blob), 1e6, "test");
    await expect(failed).rejects.toMatchObject({ code: "unreachable", transient: true });
    await expect(failed).rejects.toThrow(/sent at a usable rate/);
  });
  it("is given up when it is a list, a manifest or a token", async () => {
    registry.rule({ on: /^GET/, reply: drip(200, " ".repeat(5_000)) });
    await expect(open(impatient).capabilities.tags()).rejects.toThrow(/sent at a usable rate/);
    await expect(open(impatient).resolve("v1")).rejects.toThrow(/sent at a usable rate/);
    registry.rule({ on: tagsPath, reply: bearerChallenge(`http://${registry.host}/token`) });
    await expect(open(impatient).capabilities.tags()).rejects.toThrow(/sent at a usable rate/);
  });
  it("does not hide the status when it belongs to an error answer", async () => {
    registry.rule({ on: tagsPath, reply: drip(400, "x".repeat(5_000)) });
    const failed = open(impatient).capabilities.tags();
    await expect(failed).rejects.toMatchObject({ code: "registry-refused", status: 400 });
  });
  it("is read to its end when it arrives at the required rate", async () => {
    registry.rule({ on: `GET ${blobPath}`, reply: answer(200, {}, content) });
    expect(await readAll(open(impatient).fetch(blob), 1e6, "test")).toHaveLength(5_000);
  });
  it("is not blamed on the registry when our own reader is slow", async () => {
    registry.rule({ on: `GET ${blobPath}`, reply: answer(200, {}, content) });
    let count = 0;
    for await (const chunk of open({ idleTimeout: 250, leastRate: 1e9 }).fetch(blob)) {
      count += chunk.length;
      await new Promise((resolve) => setTimeout(resolve, 300));
    }
    expect(count).toBe(5_000);
  });
});

it("an upload is given up when the registry stops reading it", async () => {
  const held: Socket[] = [];
  // Answers the HEAD and the POST, and stops reading at the PUT.
  const server = createServer((socket) => {
    held.push(socket);
    socket.on("error", () => undefined);
    socket.on("data", (chunk: Buffer) => {
      const [method] = chunk.toString("latin1").split(" ");
      if (method === "HEAD") socket.write("HTTP/1.1 404 No\r\ncontent-length: 0\r\n\r\n");
      if (method === "POST") {
        socket.write("HTTP/1.1 202 Go\r\nlocation: /v2/a/b/up\r\ncontent-length: 0\r\n\r\n");
      }
      if (method === "PUT") socket.pause();
      if (method === "DELETE") socket.destroy();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const large = new Uint8Array(32 * 1024 * 1024);
  const store = open({ idleTimeout: 250, leastRate: 1e9 }, `127.0.0.1:${port}`);
  const chunks = async function* (): AsyncGenerator<Uint8Array> {
    for (let at = 0; at < large.length; at += 65_536) {
      yield large.subarray(at, at + 65_536);
      await Promise.resolve();
    }
  };
  const pushed = store.push(describeBytes(MediaType.octetStream, large), {
    size: large.length,
    open: chunks,
  });
  await expect(pushed).rejects.toThrow(/taken at a usable rate/);
  for (const socket of held) socket.destroy();
  await new Promise((resolve) => server.close(resolve));
});

describe("a list of tags", () => {
  /** Endless pages, each with new names. */
  function endless(size: number): void {
    let page = 0;
    const reply = (): Reply => {
      page += 1;
      const tags = Array.from({ length: size }, (_, at) => `t${page}-${at}`);
      const link = `</v2/a/b/tags/list?last=${page}>; rel="next"`;
      return answer(200, { link }, JSON.stringify({ tags }));
    };
    registry.rule({ on: tagsPath, reply });
  }

  it("is limited in its total number of names", async () => {
    endless(10);
    const failed = open({ listItems: 95 }).capabilities.tags();
    await expect(failed).rejects.toMatchObject({ code: "limit-exceeded" });
    await expect(failed).rejects.toThrow(/expected at most 95 tags, got more/);
    expect(registry.requests).toHaveLength(10);
  });
  it("is limited in its total number of bytes", async () => {
    endless(1_000);
    const failed = open({ listBytes: 100_000 }).capabilities.tags();
    await expect(failed).rejects.toMatchObject({ code: "limit-exceeded" });
    expect(registry.requests.length).toBeLessThan(20);
  });
});

it("a list of referrers is limited in its total number, however many pages it has", async () => {
  let page = 0;
  registry.rule({
    on: /^GET \/v2\/a\/b\/referrers/,
    reply: () => {
      page += 1;
      const manifests = Array.from({ length: 10 }, (_, at) =>
        describeBytes(MediaType.manifest, Buffer.from(`${page}-${at}`)),
      );
      const link = `</v2/a/b/referrers/${blob.digest}?page=${page}>; rel="next"`;
      const list = { schemaVersion: 2, mediaType: MediaType.index, manifests };
      return answer(200, { link, "content-type": MediaType.index }, JSON.stringify(list));
    },
  });
  const failed = open({ children: 95 }).capabilities.referrers(blob.digest);
  await expect(failed).rejects.toMatchObject({ code: "limit-exceeded" });
  expect(registry.requests).toHaveLength(10);
});
