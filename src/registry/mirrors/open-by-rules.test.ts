// SPDX-License-Identifier: MIT
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { describe as describeBytes } from "../../bytes/describe-content.ts";
import { sourceOf } from "../../bytes/bytes.ts";
import { readAll } from "../../bytes/streams/read-all.ts";
import { MediaType } from "../../oci/media-types.ts";
import { parseReference } from "../../oci/reference.ts";
import {
  answer,
  startFaultyRegistry,
  type FaultyRegistry,
  type Reply,
} from "../../testing/faulty-registry.ts";
import type { RegistryMirror, RegistryRule } from "../machine/registry-rules.ts";
import type { MirrorFailed, RepositoryStore } from "../repository.ts";
import { openByRules } from "./open-by-rules.ts";

const content = new Uint8Array(200_000).map((_, at) => at % 251);
const blob = describeBytes(MediaType.octetStream, content);
const manifest = Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType: MediaType.manifest }));
const root = describeBytes(MediaType.manifest, manifest);
const MANIFEST = "GET /v2/m/a/manifests/v1";
const BLOB = `GET /v2/m/a/blobs/${blob.digest}`;

let one: FaultyRegistry;
let two: FaultyRegistry;
let primary: FaultyRegistry;
let events: MirrorFailed[];
beforeEach(async () => {
  [one, two, primary] = await Promise.all([
    startFaultyRegistry(),
    startFaultyRegistry(),
    startFaultyRegistry(),
  ]);
  events = [];
});
afterEach(async () => {
  for (const registry of [one, two, primary]) await registry.close();
});

const tagged = answer(200, { "content-type": MediaType.manifest }, manifest);
const held = answer(200, {}, content);
const mirror = ({ host }: FaultyRegistry, more: Partial<RegistryMirror> = {}): RegistryMirror => ({
  ...{ location: `${host}/m`, insecure: false, pull: "all" },
  ...more,
});

function open(
  reference: string,
  rule: Partial<RegistryRule> = {},
  access: "read" | "write" = "read",
): Promise<RepositoryStore> {
  const rules = [
    {
      ...{
        prefix: "registry.example",
        location: `${primary.host}/m`,
        insecure: false,
        blocked: false,
      },
      ...{ mirrors: [mirror(one), mirror(two)], file: "test.conf", ...rule },
    },
  ];
  return openByRules(parseReference(reference), access, {
    ...{ rules, credentials: () => Promise.resolve(undefined), proxy: false, tls: {} },
    retry: { attempts: 1 },
    onMirrorFailed: (event) => events.push(event),
  });
}

describe("a repository with mirrors", () => {
  it("is read from the first that has it, and the others are not asked", async () => {
    one.rule({ on: MANIFEST, reply: tagged }, { on: BLOB, reply: held });
    const store = await open("registry.example/a:v1");
    expect((await store.resolve("v1")).digest).toBe(root.digest);
    expect(Buffer.compare(await readAll(store.fetch(blob), 1e6, "test"), content)).toBe(0);
    expect([two.requests, primary.requests, events]).toEqual([[], [], []]);
  });
  it("tells the digest of a tag from the mirror too, although only the head is asked for", async () => {
    const headers = {
      ...{ "content-type": MediaType.manifest, "docker-content-digest": root.digest },
      ...{ "content-length": String(root.size) },
    };
    one.rule({ on: MANIFEST.replace("GET", "HEAD"), reply: answer(200, headers) });
    const store = await open("registry.example/a:v1");
    expect(await store.capabilities.lookUp("v1")).toMatchObject({ digest: root.digest });
    expect([two.requests, primary.requests]).toEqual([[], []]);
  });
  it.each<[string, Reply, string]>([
    ["fails", answer(500), "registry-refused"],
    ["hangs up", { kind: "reset" }, "unreachable"],
    ["wants a password", answer(401), "unauthorized"],
    ["has no such tag", answer(404), "not-found"],
  ])("is read from the next when one %s, and that is told", async (_, reply, code) => {
    one.rule({ on: MANIFEST, reply });
    two.rule({ on: MANIFEST, reply: tagged });
    const store = await open("registry.example/a:v1");
    expect((await store.resolve("v1")).digest).toBe(root.digest);
    expect(events).toMatchObject([
      { kind: "mirror-failed", mirror: `${one.host}/m/a`, error: { code } },
    ]);
  });
  it("is read from itself last, and its error says what the mirrors failed with", async () => {
    primary.rule({ on: MANIFEST, reply: tagged });
    const store = await open("registry.example/a:v1");
    expect((await store.resolve("v1")).digest).toBe(root.digest);
    primary.rule({ on: MANIFEST, reply: answer(404) });
    const failed = (await open("registry.example/a:v1")).resolve("v1");
    await expect(failed).rejects.toMatchObject({ code: "not-found" });
    await expect(failed).rejects.toThrow(
      new RegExp(`mirror ${one.host}/m/a: .*mirror ${two.host}/m/a: `),
    );
  });
  it("goes on at the next when a blob breaks off, and asks the broken one no more", async () => {
    one.rule({
      on: BLOB,
      reply: {
        kind: "drop",
        status: 206,
        headers: { "content-range": "bytes 0-199999/200000" },
        body: content,
        after: 70_000,
      },
    });
    two.rule({
      on: BLOB,
      reply: ({ headers }) => {
        const start = Number(/bytes=(\d+)-/.exec(headers["range"] ?? "")?.[1]);
        return answer(
          206,
          { "content-range": `bytes ${start}-199999/200000` },
          content.subarray(start),
        );
      },
    });
    const store = await open("registry.example/a:v1");
    const read = (): Promise<Uint8Array> => readAll(store.fetch(blob), 1e6, "test");
    expect(Buffer.compare(await read(), content)).toBe(0);
    expect(Buffer.compare(await read(), content)).toBe(0);
    expect(two.requests[0]?.headers["range"]).toBe("bytes=70000-199999");
    expect(one.requests).toHaveLength(1);
  });
  it("gets no wrong manifest from a mirror, nor a wrong blob", async () => {
    const wrong = answer(
      200,
      { "content-type": MediaType.manifest },
      manifest.map((byte) => byte ^ 1),
    );
    one.rule(
      { on: /manifests/, reply: wrong },
      {
        on: BLOB,
        reply: answer(
          200,
          {},
          content.map(() => 1),
        ),
      },
    );
    two.rule({ on: /manifests/, reply: tagged });
    const store = await open("registry.example/a:v1");
    expect(Buffer.from(await readAll(store.fetch(root), 1e6, "test"))).toEqual(manifest);
    expect(events).toMatchObject([{ error: { code: "digest-mismatch" } }]);
    const other = await open("registry.example/a:v1");
    const failed = readAll(other.fetch(blob), 1e6, "test");
    await expect(failed).rejects.toMatchObject({ code: "digest-mismatch" });
    await expect(failed).rejects.toThrow(one.host);
  });
  it("asks only mirrors that are for such references", async () => {
    const mirrors = [mirror(one, { pull: "digest-only" }), mirror(two, { pull: "tag-only" })];
    primary.rule({ on: /manifests/, reply: tagged });
    await (await open("registry.example/a:v1", { mirrors })).resolve("v1");
    expect([one.requests.length, two.requests.length]).toEqual([0, 1]);
    await (await open(`registry.example/a@${root.digest}`, { mirrors })).resolve(root.digest);
    expect([one.requests.length, two.requests.length]).toEqual([1, 1]);
  });
  it("is written to itself alone", async () => {
    primary.rule({ on: /^PUT .*manifests/, reply: answer(201) });
    const store = await open("registry.example/a:v1", {}, "write");
    await store.push(root, sourceOf(manifest));
    await store.resolve("v1").catch(() => undefined);
    expect([one.requests, two.requests, events]).toEqual([[], [], []]);
    expect(primary.requests.map(({ method }) => method)).toContain("PUT");
  });
});

it("a blocked registry is refused for reading and writing, with the file that says so", async () => {
  for (const access of ["read", "write"] as const) {
    const failed = open("registry.example/a:v1", { blocked: true }, access);
    await expect(failed).rejects.toMatchObject({ code: "registry-refused" });
    await expect(failed).rejects.toThrow(/registry\.example\/a:v1: .* test\.conf blocks/);
  }
  expect(primary.requests).toEqual([]);
});

it("a reference without a rule is opened as it is", async () => {
  const store = await open(`${two.host}/m/a:v1`);
  two.rule({ on: MANIFEST, reply: tagged });
  expect((await store.resolve("v1")).digest).toBe(root.digest);
});
