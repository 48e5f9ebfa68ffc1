// SPDX-License-Identifier: MIT
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { sourceOf } from "../../bytes/bytes.ts";
import type { Bytes } from "../../bytes/bytes.ts";
import { describe as describeBytes } from "../../bytes/describe-content.ts";
import { MediaType } from "../../oci/media-types.ts";
import { answer, bearerChallenge, startFaultyRegistry } from "../../testing/faulty-registry.ts";
import type { FaultyRegistry, Reply } from "../../testing/faulty-registry.ts";
import { openRepository } from "../repository.ts";
import type { RepositoryStore } from "../repository.ts";
import { openTransport } from "../transport/transport.ts";

let registry: FaultyRegistry;
beforeEach(async () => {
  registry = await startFaultyRegistry();
});
afterEach(async () => {
  await registry.close();
});

const content = new Uint8Array(100_000).fill(7);
const blob = describeBytes(MediaType.octetStream, content);
const begin = "POST /v2/a/b/blobs/uploads/";
const begun = (location: string): Reply => answer(202, { location });
const end = (location: string): string =>
  `PUT ${location}${location.includes("?") ? "&" : "?"}digest=${blob.digest}`;

function open(repository = "a/b"): RepositoryStore {
  const options = {
    credentials: () => Promise.resolve(undefined),
    retry: { attempts: 3, delay: 1 },
  };
  return openRepository({ registry: registry.host, repository }, options);
}

function lines(): string[] {
  return registry.requests.map(({ method, path }) => `${method} ${path}`);
}

describe("an upload", () => {
  it("is one POST and one PUT with its length, after checking that the blob is missing", async () => {
    registry.rule(
      { on: begin, reply: begun("/u/1?_state=a%2Bb") },
      { on: end("/u/1?_state=a%2Bb"), reply: answer(201) },
    );
    await open().push(blob, sourceOf(content));
    expect(lines()).toEqual([`HEAD /v2/a/b/blobs/${blob.digest}`, begin, end("/u/1?_state=a%2Bb")]);
    const put = registry.requests[2];
    expect(put?.headers["content-length"]).toBe("100000");
    expect(Buffer.compare(put?.body ?? Buffer.of(), content)).toBe(0);
  });

  it("is not started when the blob is already there", async () => {
    registry.rule({ on: `HEAD /v2/a/b/blobs/${blob.digest}`, reply: answer(200) });
    const never = (): Bytes => expect.unreachable("the source was opened");
    await open().push(blob, { open: never });
  });

  it("is not asked for again when it was just found missing, and is for the next push", async () => {
    registry.rule(
      { on: begin, reply: begun("/u/1") },
      { on: end("/u/1"), reply: answer(201) },
      { on: /^HEAD /, times: 1, reply: answer(404) },
      { on: /^HEAD /, reply: answer(200) },
    );
    const store = open();
    expect(await store.exists(blob)).toBe(false);
    await store.push(blob, sourceOf(content));
    await store.push(blob, sourceOf(content));
    const head = `HEAD /v2/a/b/blobs/${blob.digest}`;
    expect(lines()).toEqual([head, begin, end("/u/1"), head]);
  });

  const unknown = answer(404, {}, '{"errors":[{"code":"BLOB_UPLOAD_UNKNOWN"}]}');

  it.each([answer(503), { kind: "reset" } as const, unknown])(
    "whose state is unknown after a transient failure starts again and reopens its source: %j",
    async (failure) => {
      let opened = 0;
      registry.rule(
        { on: begin, times: 1, reply: begun("/u/1") },
        { on: begin, reply: begun("/u/2") },
        { on: end("/u/1"), reply: failure },
        { on: end("/u/2"), reply: answer(201) },
      );
      const source = { open: () => ((opened += 1), sourceOf(content).open()) };
      await open().push(blob, source);
      expect(opened).toBe(2);
    },
  );

  it("continues from what the registry has kept, and is finished by a separate request", async () => {
    registry.rule(
      { on: begin, reply: begun("/u/1") },
      { on: end("/u/1"), reply: { kind: "reset" } },
      { on: "GET /u/1", reply: answer(204, { range: "0-59999", location: "/u/1?s=2" }) },
      { on: "PATCH /u/1?s=2", reply: answer(202, { range: "0-99999", location: "/u/1?s=3" }) },
      { on: end("/u/1?s=3"), reply: answer(201) },
    );
    await open().push(blob, sourceOf(content));
    const [patch] = registry.requests.filter(({ method }) => method === "PATCH");
    expect(patch?.headers["content-range"]).toBe("60000-99999");
    expect(Buffer.compare(patch?.body ?? Buffer.of(), content.subarray(60_000))).toBe(0);
    expect(lines().slice(1)).toEqual([
      begin,
      end("/u/1"),
      "GET /u/1",
      "PATCH /u/1?s=2",
      end("/u/1?s=3"),
    ]);
  });

  it("is sent again to the same location when the registry kept nothing of it", async () => {
    registry.rule(
      { on: begin, reply: begun("/u/1") },
      { on: end("/u/1"), times: 1, reply: answer(503) },
      { on: "GET /u/1", reply: answer(204, { range: "0-0" }) },
      { on: end("/u/1"), reply: answer(201) },
    );
    await open().push(blob, sourceOf(content));
    expect(lines().slice(1)).toEqual([begin, end("/u/1"), "GET /u/1", end("/u/1")]);
  });

  it("starts again when the registry can't continue with what it reported", async () => {
    const invalid = answer(404, {}, '{"errors":[{"code":"BLOB_UPLOAD_INVALID"}]}');
    registry.rule(
      { on: begin, times: 1, reply: begun("/u/1") },
      { on: begin, reply: begun("/u/2") },
      { on: end("/u/1"), times: 1, reply: { kind: "reset" } },
      { on: "GET /u/1", reply: answer(204, { range: "0-0" }) },
      { on: end("/u/1"), reply: invalid },
      { on: end("/u/2"), reply: answer(201) },
    );
    await open().push(blob, sourceOf(content));
    expect(lines().slice(-3)).toEqual(["DELETE /u/1", begin, end("/u/2")]);
  });

  it("is sent again as a whole when the registry drops chunks that it accepted", async () => {
    registry.rule(
      { on: begin, times: 1, reply: begun("/u/1") },
      { on: begin, reply: begun("/u/2") },
      { on: end("/u/1"), reply: { kind: "reset" } },
      { on: "GET /u/1", reply: answer(204, { range: "0-59999" }) },
      { on: "PATCH /u/1", reply: answer(202, { range: "0-59999", location: "/u/1" }) },
      { on: end("/u/2"), reply: answer(201) },
    );
    await open().push(blob, sourceOf(content));
    const last = registry.requests.at(-1);
    expect(Buffer.compare(last?.body ?? Buffer.of(), content)).toBe(0);
    expect(lines()).toContain("DELETE /u/1");
    expect(lines()).not.toContain(end("/u/1?s=3"));
  });

  it("that continues is still verified from its first byte", async () => {
    registry.rule(
      { on: begin, reply: begun("/u/1") },
      { on: end("/u/1"), reply: { kind: "reset" } },
      { on: "GET /u/1", reply: answer(204, { range: "0-59999" }) },
      { on: "PATCH /u/1", reply: answer(202, { range: "0-99999", location: "/u/1" }) },
    );
    let opened = 0;
    const changing = { open: () => sourceOf(content.with(0, (opened += 1) + 6)).open() };
    const failed = open().push(blob, changing);
    await expect(failed).rejects.toMatchObject({ code: "digest-mismatch" });
    expect(opened).toBe(2);
    expect(lines().filter((line) => line.startsWith("PATCH"))).toEqual([]);
  });

  it("that is refused is cancelled at the registry", async () => {
    registry.rule(
      { on: begin, reply: begun("/u/1") },
      { on: end("/u/1"), reply: answer(400, {}, '{"errors":[{"code":"DIGEST_INVALID"}]}') },
    );
    const failed = open().push(blob, sourceOf(content));
    await expect(failed).rejects.toMatchObject({ code: "registry-refused", status: 400 });
    expect(lines().slice(1)).toEqual([begin, end("/u/1"), "DELETE /u/1"]);
  });

  it("is never sent to another host", async () => {
    const other = await startFaultyRegistry();
    registry.rule({ on: begin, reply: begun(`http://${other.host}/u/1`) });
    const failed = open().push(blob, sourceOf(content));
    await expect(failed).rejects.toMatchObject({ code: "redirect-refused" });
    registry.rule({ on: begin, reply: answer(307, { location: `http://${other.host}/u/` }) });
    const sent = open().push(blob, sourceOf(content));
    await expect(sent).rejects.toMatchObject({ code: "redirect-refused" });
    expect(other.requests).toEqual([]);
    await other.close();
  });

  it("of the wrong bytes never arrives whole, so no registry can accept it", async () => {
    registry.rule({ on: begin, reply: begun("/u/1") }, { on: end("/u/1"), reply: answer(201) });
    const wrong = open().push(blob, sourceOf(content.map((byte) => byte ^ 1)));
    await expect(wrong).rejects.toMatchObject({ code: "digest-mismatch" });
    expect(lines()).not.toContain(end("/u/1"));
  });

  it("fails with its source's error, without a retry", async () => {
    registry.rule({ on: begin, reply: begun("/u/1") });
    const failed = open().push(blob, { open: () => failing() });
    await expect(failed).rejects.toThrow("the disk broke");
    expect(lines().filter((line) => line === begin)).toHaveLength(1);
  });
});

async function* failing(): Bytes {
  yield content.slice(0, 10);
  await Promise.resolve();
  throw new Error("the disk broke");
}

describe("a mount", () => {
  const mount = `POST /v2/a/b/blobs/uploads/?mount=${blob.digest}&from=c%2Fd`;

  it("is requested with exactly the two parameters that every registry knows", async () => {
    registry.rule({ on: mount, reply: answer(201) });
    expect(await open().capabilities.mount(blob, open("c/d"))).toBe(true);
    expect(lines()).toEqual([mount]);
  });

  it("that the registry turns into an upload is continued by the push", async () => {
    registry.rule({ on: mount, reply: begun("/u/9") }, { on: end("/u/9"), reply: answer(201) });
    const store = open();
    expect(await store.capabilities.mount(blob, open("c/d"))).toBe(false);
    await store.push(blob, sourceOf(content));
    expect(lines()).toEqual([mount, `HEAD /v2/a/b/blobs/${blob.digest}`, end("/u/9")]);
  });

  const failures = [200, 204, 400, 401, 403, 404, 405, 429, 500, 503].map((status) =>
    answer(status),
  );
  it.each<Reply>([...failures, { kind: "reset" }, begun("http://elsewhere.example/u/1")])(
    "that fails in any way means that the blob is sent: %j",
    async (reply) => {
      registry.rule(
        { on: mount, reply },
        { on: begin, reply: begun("/u/1") },
        { on: end("/u/1"), reply: answer(201) },
      );
      const store = open();
      expect(await store.capabilities.mount(blob, open("c/d"))).toBe(false);
      await store.push(blob, sourceOf(content));
      expect(lines().at(-1)).toBe(end("/u/1"));
    },
  );

  it("is requested without access to the other repository where that is refused", async () => {
    const realm = `http://${registry.host}/token`;
    registry.rule(
      { on: mount, times: 1, reply: bearerChallenge(realm) },
      { on: /token.*c%2Fd/, reply: answer(403) },
      { on: /token/, reply: answer(200, {}, '{"token":"narrow"}') },
      {
        on: mount,
        reply: ({ headers }) => answer(headers["authorization"] === "Bearer narrow" ? 201 : 401),
      },
    );
    expect(await open().capabilities.mount(blob, open("c/d"))).toBe(true);
  });

  it("is not attempted across registries, nor for manifests", async () => {
    const elsewhere = openRepository({ registry: "r.example", repository: "c/d" });
    expect(await open().capabilities.mount(blob, elsewhere)).toBe(false);
    const manifest = { ...blob, mediaType: MediaType.manifest };
    expect(await open().capabilities.mount(manifest, open("c/d"))).toBe(false);
    expect(registry.requests).toEqual([]);
  });
});

it("removing a tag never deletes its manifest, even when the registry can't delete tags", async () => {
  registry.rule({ on: "DELETE /v2/a/b/manifests/v1", reply: answer(405) });
  const failed = open().capabilities.untag("v1");
  await expect(failed).rejects.toMatchObject({ code: "unsupported-operation" });
  expect(lines()).toEqual(["DELETE /v2/a/b/manifests/v1"]);
});

it("a transport is refused for repositories of another registry", async () => {
  const transport = openTransport(registry.host);
  const wrong = { registry: "r.example", repository: "a" };
  expect(() => openRepository(wrong, { transport })).toThrow(/expected one of r\.example/);
  await transport.close();
});
