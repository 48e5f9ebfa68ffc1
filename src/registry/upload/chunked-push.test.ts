// SPDX-License-Identifier: MIT
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openFaulty } from "../../../test/fixtures/faulty-repository.ts";
import { sourceOf } from "../../bytes/bytes.ts";
import { describe as describeBytes } from "../../bytes/describe-content.ts";
import { MediaType } from "../../oci/media-types.ts";
import { answer, startFaultyRegistry, type FaultyRegistry } from "../../testing/faulty-registry.ts";
import type { HostHabits } from "../habits/registry-habits.ts";

let registry: FaultyRegistry;
beforeEach(async () => {
  registry = await startFaultyRegistry();
});
afterEach(() => registry.close());

const content = new Uint8Array(100_000).map((_, at) => at % 251);
const blob = describeBytes(MediaType.octetStream, content);
const begin = "POST /v2/a/b/blobs/uploads/";
const end = `?digest=${blob.digest}`;

function push(habits: Omit<HostHabits, "hosts">): Promise<void> {
  const store = openFaulty(registry, {
    journalDirectory: false,
    habits: [{ hosts: ["127.0.0.1"], ...habits }],
  });
  return store.push(blob, sourceOf(content));
}

/** Requests after the HEAD, with the `Content-Range` of each chunk. */
function lines(): string[] {
  return registry.requests.slice(1).map(({ method, path, headers }) => {
    const range = headers["content-range"];
    return `${method} ${path.replace(end, "?digest")}${range === undefined ? "" : ` ${range}`}`;
  });
}

/** Plays a registry that keeps what it is sent to `/u/1`, `/u/2`, …, one upload each. */
function playRegistry(least?: string): void {
  let uploads = 0;
  const kept = new Map<string, number>();
  const headers = least === undefined ? {} : { "oci-chunk-min-length": least };
  registry.rule(
    {
      on: begin,
      reply: () => answer(202, { location: `/u/${(uploads += 1)}`, ...headers }),
    },
    {
      on: /^PATCH \/u\//,
      reply: ({ path, body }) => {
        kept.set(path, (kept.get(path) ?? 0) + body.length);
        return answer(202, { location: path, range: `0-${kept.get(path)! - 1}` });
      },
    },
    { on: /^PUT \/u\//, reply: answer(201) },
  );
}

describe("an upload in chunks", () => {
  it("is one PATCH for each chunk and a PUT, and holds every byte once", async () => {
    playRegistry();
    await push({ chunks: { use: "always", length: 40_000 } });
    expect(lines()).toEqual([
      begin,
      "PATCH /u/1 0-39999",
      "PATCH /u/1 40000-79999",
      "PATCH /u/1 80000-99999",
      "PUT /u/1?digest",
    ]);
    const sent = Buffer.concat(registry.requests.map(({ body }) => body));
    expect(Buffer.compare(sent, content)).toBe(0);
  });

  it("has chunks as long as the registry wants them at least, and no longer than it takes", async () => {
    playRegistry("60000");
    await push({ chunks: { use: "always", length: 10 } });
    expect(lines()).toContain("PATCH /u/1 60000-99999");
    await push({ chunks: { use: "always", length: 90_000, most: 50_000 } });
    expect(lines()).toContain("PATCH /u/2 50000-99999");
  });

  it("becomes one PUT when the registry throws away chunks after the first", async () => {
    playRegistry();
    registry.rule({
      on: /^PATCH/,
      reply: ({ path }) => answer(201, { location: path, range: "0-39999" }),
    });
    await push({ chunks: { use: "large", from: 1, length: 40_000 } });
    const after = ["DELETE /u/1", begin, "PUT /u/2?digest"];
    expect(lines().slice(1)).toEqual(["PATCH /u/1 0-39999", "PATCH /u/1 40000-79999", ...after]);
    expect(Buffer.compare(registry.requests.at(-1)!.body, content)).toBe(0);
  });

  it.each([400, 404, 405, 413, 416, 501])(
    "becomes one PUT when the registry answers %d to the first",
    async (status) => {
      playRegistry();
      registry.rule(
        { on: /^PATCH/, reply: answer(status) },
        { on: "GET /u/1", reply: answer(204, { range: "0-0" }) },
      );
      await push({ chunks: { use: "large", from: 1, length: 40_000 } });
      expect(lines().at(-1)).toBe("PUT /u/2?digest");
      expect(Buffer.compare(registry.requests.at(-1)!.body, content)).toBe(0);
    },
  );

  it("takes the place of one PUT that is too large for a proxy on the way", async () => {
    playRegistry();
    registry.rule({ on: /^PUT \/u\/1/, times: 1, reply: answer(413) });
    await push({ chunks: { length: 50_000 } });
    expect(lines().slice(-3)).toEqual([
      "PATCH /u/2 0-49999",
      "PATCH /u/2 50000-99999",
      "PUT /u/2?digest",
    ]);
  });

  it("goes on after the last chunk that was kept when one breaks", async () => {
    playRegistry();
    registry.rule(
      { on: /^PATCH/, times: 1, reply: answer(202, { location: "/u/1", range: "0-39999" }) },
      { on: /^PATCH/, times: 1, reply: { kind: "reset" } },
      { on: "GET /u/1", reply: answer(204, { range: "0-39999", location: "/u/9" }) },
      {
        on: "PATCH /u/9",
        times: 1,
        reply: answer(202, { location: "/u/9", range: "0-79999" }),
      },
      {
        on: "PATCH /u/9",
        reply: answer(202, { location: "/u/9", range: "0-99999" }),
      },
    );
    await push({ chunks: { use: "always", length: 40_000 } });
    expect(lines().slice(2)).toEqual([
      "PATCH /u/1 40000-79999",
      "GET /u/1",
      "PATCH /u/9 40000-79999",
      "PATCH /u/9 80000-99999",
      "PUT /u/9?digest",
    ]);
  });
});

it("a blob that the registry is known not to take is refused before anything is sent", async () => {
  const failed = push({ name: "a small registry", blobBytes: 99_999 });
  await expect(failed).rejects.toMatchObject({
    code: "limit-exceeded",
    message: expect.stringContaining("the most that a small registry takes as one layer") as string,
    details: { allowed: 99_999, got: 100_000 },
  });
  expect(registry.requests.map(({ method }) => method)).toEqual(["HEAD"]);
});

it("an upload that breaks after the registry's deadline says so", async () => {
  registry.rule(
    { on: begin, reply: answer(202, { location: "/u/1" }) },
    { on: /^PUT/, reply: answer(400) },
  );
  const hint = expect.stringContaining("a slow registry ends uploads after 0 minutes") as string;
  const failed = push({ name: "a slow registry", uploadTime: 0 });
  await expect(failed).rejects.toMatchObject({ status: 400, hint });
});
