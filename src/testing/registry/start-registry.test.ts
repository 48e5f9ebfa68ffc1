// SPDX-License-Identifier: MIT
import { existsSync } from "node:fs";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { digestBytes } from "../../bytes/hash.ts";
import { formatJson } from "../../oci/json.ts";
import { MediaType } from "../../oci/media-types.ts";
import { openRepository } from "../../registry/repository.ts";
import { copy } from "../../store/copy/copy.ts";
import { createMemoryStore } from "../../store/memory-store.ts";
import { askRegistry, type RegistryAnswer } from "../ask-registry.ts";
import { buildImage } from "../build-image.ts";
import { rateLimit, type FaultEffect } from "./fault.ts";
import { PERSONALITIES, type PersonalityName } from "./personalities.ts";
import { startRegistry, type TestRegistry } from "./start-registry.ts";

const LAYER = new Uint8Array(300_000).map((_, at) => at % 251);
const DIGEST = digestBytes(LAYER);
const BLOB = `/v2/a/blobs/${DIGEST}`;
const UPLOADS = "/v2/a/blobs/uploads/";
const INDEX = formatJson({ schemaVersion: 2, mediaType: MediaType.index, manifests: [] });
const INDEX_TYPE = { "content-type": MediaType.index };

let registry: TestRegistry;
type Ask = Parameters<typeof askRegistry> extends [string, ...infer Rest] ? Rest : never;
const ask = (...rest: Ask): Promise<RegistryAnswer> => askRegistry(registry.url, ...rest);

async function start(personality?: PersonalityName): Promise<void> {
  registry = await startRegistry({ personality });
  await push();
}
async function push(): Promise<void> {
  const { headers } = await ask("POST", UPLOADS);
  const location = String(headers["location"]).replace(registry.url, "");
  const { status } = await ask("PUT", `${location}?digest=${DIGEST}`, LAYER);
  expect(status).toBe(201);
  for (const tag of ["1", "2"]) await ask("PUT", `/v2/a/manifests/${tag}`, INDEX, INDEX_TYPE);
}
afterEach(() => registry.close());

describe("a registry for tests", () => {
  it("is there in one call, and gone with its directory at the end of the block", async () => {
    await start();
    let directory: string;
    {
      await using other = await startRegistry();
      directory = other.directory;
      expect((await askRegistry(other.url, "GET", "/v2/")).status).toBe(200);
      expect(other.host).toMatch(/^127\.0\.0\.1:\d+$/);
      expect(other.requests).toEqual(["GET /v2/"]);
      expect(existsSync(directory)).toBe(true);
    }
    expect(existsSync(directory)).toBe(false);
  });
});

describe("a fault of a registry", () => {
  beforeEach(() => start());
  const onBlob = (does: FaultEffect): void =>
    registry.fail({ on: { method: "GET", endpoint: "blob" }, does });
  const range = { range: "bytes=1000-1999" };

  it("hits only the requests that it is for, as often as it says", async () => {
    const does = { kind: "answer", status: 503 } as const;
    registry.fail({
      on: { endpoint: "manifest", by: "tag", reference: "1" },
      skip: 1,
      times: 2,
      does,
    });
    const statuses = [];
    for (let more = 0; more < 4; more += 1)
      statuses.push((await ask("GET", "/v2/a/manifests/1")).status);
    expect(statuses).toEqual([200, 503, 503, 200]);
    expect((await ask("GET", "/v2/a/manifests/2")).status).toBe(200);
  });

  it("answers a storm of 429 with Retry-After", async () => {
    registry.fail(rateLimit(2, "1700000000"));
    for (const status of [429, 429, 200]) {
      const answer = await ask("GET", "/v2/");
      expect(answer.status).toBe(status);
      if (status === 429) expect(answer.headers["retry-after"]).toBe("1700000000");
    }
  });

  it("drops the connection after so many bytes of an answer", async () => {
    onBlob({ kind: "drop", after: 100_000 });
    const { body } = await fetch(registry.url + BLOB);
    let seen = 0;
    const read = async (): Promise<void> => {
      for await (const chunk of body!) seen += (chunk as Uint8Array).length;
    };
    await expect(read()).rejects.toThrow();
    expect(seen).toBe(100_000);
  });

  it("drops the connection after so many bytes of an upload, which the registry keeps", async () => {
    const { headers } = await ask("POST", UPLOADS);
    const location = String(headers["location"]);
    registry.fail({
      on: { method: "PATCH" },
      times: 1,
      does: { kind: "drop-upload", after: 70_000 },
    });
    await expect(ask("PATCH", location, LAYER)).rejects.toThrow();
    expect((await ask("GET", location)).headers["range"]).toBe("0-69999");
    const rest = LAYER.subarray(70_000);
    expect((await ask("PUT", `${location}?digest=${DIGEST}`, rest)).status).toBe(201);
  });

  it.each([
    ["ignore-range", { kind: "ignore-range" }, 200, undefined, LAYER],
    [
      "shift-range that says so",
      { kind: "shift-range", by: 10, claims: "sent" },
      206,
      "bytes 1010-1999/300000",
      LAYER.subarray(1010, 2000),
    ],
    [
      "shift-range that lies",
      { kind: "shift-range", by: 10, claims: "asked" },
      206,
      "bytes 1000-1999/300000",
      LAYER.subarray(1010, 2000),
    ],
  ] as const)("lies about ranges: %s", async (_, does, status, contentRange, body) => {
    onBlob(does);
    const answer = await ask("GET", BLOB, undefined, range);
    expect([answer.status, answer.headers["content-range"]]).toEqual([status, contentRange]);
    expect(digestBytes(answer.body)).toBe(digestBytes(body));
  });

  it("says a wrong digest, or sends a wrong byte", async () => {
    onBlob({ kind: "wrong-digest" });
    expect((await ask("GET", BLOB)).headers["docker-content-digest"]).toBe(
      `sha256:${"0".repeat(64)}`,
    );
    registry.heal();
    onBlob({ kind: "wrong-byte", at: 290_000 });
    const { body } = await ask("GET", BLOB);
    const differ = [...body.keys()].filter((at) => body[at] !== LAYER[at]);
    expect(differ).toEqual([290_000]);
  });

  it("sends slowly, without losing a byte", async () => {
    onBlob({ kind: "slow", bytesPerSecond: 3_000_000 });
    expect(digestBytes((await ask("GET", BLOB)).body)).toBe(DIGEST);
  });

  it("never answers, or breaks the connection", async () => {
    onBlob({ kind: "silent" });
    const signal = AbortSignal.timeout(50);
    await expect(fetch(registry.url + BLOB, { signal })).rejects.toMatchObject({
      name: "TimeoutError",
    });
    registry.heal();
    onBlob({ kind: "reset" });
    await expect(ask("GET", BLOB)).rejects.toThrow();
  });

  it("says of an upload that less has arrived", async () => {
    registry.fail({ on: { endpoint: "upload" }, does: { kind: "shift-progress", by: -10 } });
    const { headers } = await ask("POST", UPLOADS);
    const answer = await ask("PATCH", String(headers["location"]), LAYER.subarray(0, 100));
    expect(answer.headers["range"]).toBe("0-89");
  });
});

describe("the personality of another registry", () => {
  it.each(Object.keys(PERSONALITIES) as PersonalityName[])(
    "%s takes a push and a pull",
    async (name) => {
      await start(name);
      expect(digestBytes((await ask("GET", BLOB)).body)).toBe(DIGEST);
      expect((await ask("GET", "/v2/a/manifests/1")).status).toBe(200);
    },
  );

  const names = Object.keys(PERSONALITIES) as PersonalityName[];
  it.each(names)("%s takes an image from our client and gives it back", async (name) => {
    await start(name);
    const from = createMemoryStore();
    const { descriptor } = await buildImage(from, { layers: [{ a: "x" }] });
    const there = openRepository({ registry: registry.host, repository: "b/c" });
    await copy(from, descriptor, there, { tag: "1" });
    const back = createMemoryStore();
    await copy(there, await there.resolve("1"), back);
    expect(await back.exists(descriptor)).toBe(true);
  });

  it("of distribution 2.8 has no referrers, no tag delete, no pages, and absolute locations", async () => {
    await start("distribution-2.8");
    const referrers = await ask("GET", `/v2/a/referrers/${DIGEST}`);
    expect([referrers.status, referrers.text]).toEqual([404, "404 page not found\n"]);
    const gone = await ask("DELETE", "/v2/a/manifests/1");
    expect([gone.status, gone.code]).toEqual([400, "DIGEST_INVALID"]);
    expect((await ask("DELETE", `/v2/a/manifests/${digestBytes(INDEX)}`)).status).toBe(202);
    await push();
    expect((await ask("GET", "/v2/a/tags/list?n=1")).text).toContain('["1","2"]');
    const begun = await ask("POST", `${UPLOADS}?digest=${DIGEST}`, LAYER);
    expect(begun.status).toBe(202);
    expect(begun.headers["location"]).toContain(`${registry.url}/v2/a/blobs/uploads/`);
  });

  it("of ghcr refuses deletes and chunks above 4 MiB", async () => {
    await start("ghcr");
    const gone = await ask("DELETE", "/v2/a/manifests/1");
    expect([gone.status, gone.code]).toEqual([405, "UNSUPPORTED"]);
    const { headers } = await ask("POST", UPLOADS);
    const large = new Uint8Array(4 * 1024 * 1024 + 1);
    expect((await ask("PATCH", String(headers["location"]), large)).status).toBe(416);
  });

  it("of ECR begins an upload where a mount was asked for", async () => {
    await start("ecr");
    expect((await ask("POST", `/v2/b/blobs/uploads/?mount=${DIGEST}&from=a`)).status).toBe(202);
  });

  it("of Quay refuses HEAD of blobs", async () => {
    await start("quay");
    expect((await ask("HEAD", BLOB)).status).toBe(405);
  });
});
