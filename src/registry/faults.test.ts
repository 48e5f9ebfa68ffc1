// SPDX-License-Identifier: MIT
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openFaulty, QUICK } from "../../test/fixtures/faulty-repository.ts";
import { describe as describeBytes } from "../bytes/describe-content.ts";
import { readAll } from "../bytes/streams/read-all.ts";
import type { Descriptor } from "../oci/documents/descriptor.ts";
import { MediaType } from "../oci/media-types.ts";
import { answer, startFaultyRegistry } from "../testing/faulty-registry.ts";
import type { FaultyRegistry, Reply } from "../testing/faulty-registry.ts";
import type { RegistryOptions, RepositoryStore } from "./repository.ts";

let registry: FaultyRegistry;
beforeEach(async () => {
  registry = await startFaultyRegistry();
});
afterEach(async () => {
  await registry.close();
});

const open = (options?: RegistryOptions): RepositoryStore => openFaulty(registry, options);

const content = new Uint8Array(200_000).map((_, at) => at % 251);
const blob = describeBytes(MediaType.octetStream, content);
const blobPath = `/v2/a/b/blobs/${blob.digest}`;
function fetchBlob(store: RepositoryStore, descriptor: Descriptor = blob): Promise<Uint8Array> {
  return readAll(store.fetch(descriptor), 1_000_000, "test");
}

function drop(after: number): Reply {
  return { kind: "drop", status: 200, body: content, after };
}

/** Answers with the requested range of bytes. */
const ranged:
  Reply | ((request: { headers: Readonly<Record<string, string | undefined>> }) => Reply) = ({
  headers,
}) => {
  const start = Number(/^bytes=(\d+)-$/.exec(headers["range"] ?? "")?.[1] ?? 0);
  const range = `bytes ${start}-${content.length - 1}/${content.length}`;
  return answer(206, { "content-range": range }, content.subarray(start));
};

describe("a blob", () => {
  it.each([
    ["other bytes", content.map((byte) => byte ^ 1), "digest-mismatch"],
    ["fewer bytes", content.subarray(1), "size-mismatch"],
    ["more bytes", new Uint8Array(content.length + 1), "size-mismatch"],
    ["no bytes", new Uint8Array(), "size-mismatch"],
  ])("of %s is refused", async (_, body, code) => {
    registry.rule({ on: `GET ${blobPath}`, reply: answer(200, {}, body) });
    await expect(fetchBlob(open())).rejects.toMatchObject({ code });
  });

  it("that never ends is read only up to its size", async () => {
    registry.rule({ on: `GET ${blobPath}`, reply: { kind: "endless", status: 200 } });
    await expect(fetchBlob(open())).rejects.toMatchObject({ code: "size-mismatch" });
  });

  it("resumes where the connection broke", async () => {
    registry.rule(
      { on: `GET ${blobPath}`, times: 1, reply: drop(70_000) },
      { on: `GET ${blobPath}`, reply: ranged },
    );
    expect(Buffer.compare(await fetchBlob(open()), content)).toBe(0);
    expect(registry.requests[1]?.headers["range"]).toBe("bytes=70000-");
  });

  it("resumes only the version that it began, where the registry names one", async () => {
    const dropped = { ...drop(70_000), headers: { etag: '"v1"' } } as Reply;
    registry.rule(
      { on: `GET ${blobPath}`, times: 1, reply: dropped },
      { on: `GET ${blobPath}`, times: 1, reply: answer(200, { etag: '"v2"' }, content) },
    );
    expect(Buffer.compare(await fetchBlob(open()), content)).toBe(0);
    expect(registry.requests[1]?.headers["if-range"]).toBe('"v1"');
    registry.rule(
      {
        on: `GET ${blobPath}`,
        times: 1,
        reply: { ...dropped, headers: { etag: 'W/"v1"' } } as Reply,
      },
      { on: `GET ${blobPath}`, reply: ranged },
    );
    expect(Buffer.compare(await fetchBlob(open()), content)).toBe(0);
    expect(registry.requests[3]?.headers["if-range"]).toBeUndefined();
  });

  it("resumes from a server without range support", async () => {
    registry.rule(
      { on: `GET ${blobPath}`, times: 1, reply: drop(70_000) },
      { on: `GET ${blobPath}`, reply: answer(200, {}, content) },
    );
    expect(Buffer.compare(await fetchBlob(open()), content)).toBe(0);
  });

  it("does not resume with the wrong range", async () => {
    registry.rule(
      { on: `GET ${blobPath}`, times: 1, reply: drop(70_000) },
      { on: `GET ${blobPath}`, reply: answer(206, { "content-range": "bytes 0-9/200000" }, "x") },
    );
    await expect(fetchBlob(open())).rejects.toMatchObject({ code: "registry-refused" });
  });

  it("whose connection breaks every time is given up", async () => {
    registry.rule({ on: `GET ${blobPath}`, reply: drop(0) });
    await expect(fetchBlob(open())).rejects.toMatchObject({ code: "unreachable" });
    expect(registry.requests).toHaveLength(QUICK.attempts);
  });

  it("that stops arriving is given up", async () => {
    registry.rule({ on: `GET ${blobPath}`, reply: { kind: "silent" } });
    const impatient = open({ limits: { idleTimeout: 50 }, retry: { ...QUICK, attempts: 1 } });
    await expect(fetchBlob(impatient)).rejects.toMatchObject({ code: "unreachable" });
  });
});

describe("a part of a blob", () => {
  const part = { offset: 100_000, length: 1_000 };
  const fetchPart = (): Promise<Uint8Array> =>
    readAll(open().fetchRange(blob, part), 1_000_000, "test");
  const expected = content.subarray(100_000, 101_000);
  const sent = (start: number, end: number, size = content.length): Reply =>
    answer(
      206,
      { "content-range": `bytes ${start}-${end}/${size}` },
      content.subarray(start, end + 1),
    );

  it("is requested by its range", async () => {
    registry.rule({ on: `GET ${blobPath}`, reply: sent(100_000, 100_999) });
    expect(Buffer.compare(await fetchPart(), expected)).toBe(0);
    expect(registry.requests[0]?.headers["range"]).toBe("bytes=100000-100999");
  });

  it("is cut out of the whole blob when the server ignores ranges", async () => {
    registry.rule({ on: `GET ${blobPath}`, reply: answer(200, {}, content) });
    expect(Buffer.compare(await fetchPart(), expected)).toBe(0);
  });

  it("resumes where the connection broke", async () => {
    registry.rule({
      on: `GET ${blobPath}`,
      reply: ({ headers }) =>
        headers["range"] === "bytes=100300-100999"
          ? sent(100_300, 100_999)
          : {
              kind: "drop",
              status: 206,
              headers: { "content-range": "bytes 100000-100999/200000" },
              body: expected,
              after: 300,
            },
    });
    expect(Buffer.compare(await fetchPart(), expected)).toBe(0);
  });

  it.each([
    ["shorter", sent(100_000, 100_998), "size-mismatch"],
    ["longer", sent(100_000, 101_000), "size-mismatch"],
    ["from another place", sent(100_001, 101_000), "registry-refused"],
    ["of a blob of another size", sent(100_000, 100_999, 200_001), "size-mismatch"],
    [
      "outside the blob that is there",
      answer(416, { "content-range": "bytes */50000" }),
      "size-mismatch",
    ],
  ])("that is %s is refused", async (_, reply, code) => {
    registry.rule({ on: `GET ${blobPath}`, reply });
    await expect(fetchPart()).rejects.toMatchObject({ code });
  });
});

describe("a registry in trouble", () => {
  it.each([408, 429, 500, 502, 503, 504])("is asked again after status %d", async (status) => {
    registry.rule(
      { on: `HEAD ${blobPath}`, times: 2, reply: answer(status, { "retry-after": "1ms" }) },
      { on: `HEAD ${blobPath}`, reply: answer(200) },
    );
    expect(await open().exists(blob)).toBe(true);
    expect(registry.requests).toHaveLength(3);
  });

  it("is asked again after a broken connection", async () => {
    registry.rule(
      { on: `HEAD ${blobPath}`, times: 1, reply: { kind: "reset" } },
      { on: `HEAD ${blobPath}`, reply: answer(200) },
    );
    expect(await open().exists(blob)).toBe(true);
  });

  it("is not waited for longer than the policy allows", async () => {
    registry.rule({ on: `HEAD ${blobPath}`, reply: answer(429, { "retry-after": "3600" }) });
    await expect(open().exists(blob)).rejects.toMatchObject({
      code: "registry-refused",
      status: 429,
      retryAfter: 3_600_000,
    });
    expect(registry.requests).toHaveLength(1);
  });

  it.each([-86_400_000, 86_400_000])(
    "is waited for by the registry's clock, %d ms from ours",
    async (skew) => {
      const date = new Date(Date.now() + skew);
      const later = new Date(date.getTime() + 3_600_000);
      const headers = { date: date.toUTCString(), "retry-after": later.toUTCString() };
      registry.rule({ on: `HEAD ${blobPath}`, reply: answer(429, headers) });
      await expect(open().exists(blob)).rejects.toMatchObject({ retryAfter: 3_600_000 });
    },
  );

  it("is not reported as one that lacks the content", async () => {
    registry.rule({ on: `HEAD ${blobPath}`, reply: answer(500) });
    await expect(open().exists(blob)).rejects.toMatchObject({ code: "registry-refused" });
    registry.rule({ on: `HEAD ${blobPath}`, reply: { kind: "reset" } });
    await expect(open().exists(blob)).rejects.toMatchObject({ code: "unreachable" });
    registry.rule({ on: /^(?:HEAD|GET) /, reply: answer(403) });
    await expect(open().exists(blob)).rejects.toMatchObject({ code: "unauthorized" });
    registry.rule({ on: `HEAD ${blobPath}`, reply: answer(404) });
    expect(await open().exists(blob)).toBe(false);
  });

  it("is unreachable, not empty, when nothing listens at its address", async () => {
    const store = open();
    await registry.close();
    const failed = store.exists(blob);
    await expect(failed).rejects.toMatchObject({ code: "unreachable" });
    await expect(failed).rejects.toThrow(/ECONNREFUSED/);
    registry = await startFaultyRegistry();
  });

  it("can't write control characters to a terminal, nor fill the memory, with its error texts", async () => {
    const errors = [{ code: "DENIED", message: "\u001b[2Jgone" }];
    registry.rule({ on: `HEAD ${blobPath}`, reply: answer(400) });
    registry.rule({ on: /^GET/, times: 1, reply: answer(400, {}, JSON.stringify({ errors })) });
    await expect(open().resolve("v1")).rejects.toThrow("DENIED: \\x1b[2Jgone");
    registry.rule({ on: /^GET/, reply: { kind: "endless", status: 400 } });
    await expect(open().resolve("v1")).rejects.toMatchObject({ code: "registry-refused" });
  });

  it("that has the blob in another size counts as not having it", async () => {
    const length = { "content-length": String(content.length - 1) };
    registry.rule({ on: `HEAD ${blobPath}`, reply: answer(200, length) });
    expect(await open().exists(blob)).toBe(false);
    registry.rule({ on: `HEAD ${blobPath}`, reply: answer(200, { "content-length": "200000" }) });
    expect(await open().exists(blob)).toBe(true);
  });

  it("is not asked any more once the caller aborts", async () => {
    registry.rule({ on: `HEAD ${blobPath}`, reply: { kind: "silent" } });
    const failed = open().exists(blob, { signal: AbortSignal.timeout(20) });
    await expect(failed).rejects.toMatchObject({ code: "aborted" });
  });
});
