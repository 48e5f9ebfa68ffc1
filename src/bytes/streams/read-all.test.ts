// SPDX-License-Identifier: MIT
import { describe, expect, it } from "vitest";
import { inChunks, noise, watched } from "../../../test/fixtures/bytes/streams.ts";
import { abortable } from "../abort.ts";
import { sourceOf } from "../bytes.ts";
import { drain, readAll } from "./read-all.ts";

const content = noise(1000);

describe("reading into memory", () => {
  it("copies chunks, whose buffer may be reused", async () => {
    expect(await readAll(inChunks(content, 7), 1000, "test")).toEqual(content);
  });

  it("copies Node's Buffers, whose slice() would not copy", async () => {
    const buffer = Buffer.from("first");
    async function* reusing(): AsyncGenerator<Uint8Array> {
      await Promise.resolve();
      yield buffer;
      buffer.write("again");
      yield buffer;
    }
    expect(Buffer.from(await readAll(reusing(), 10, "test")).toString()).toBe("firstagain");
  });

  it("stops as soon as there is more than the limit, and closes the source", async () => {
    const source = watched([content, content, content]);
    await expect(readAll(source.bytes, 1999, "manifest")).rejects.toMatchObject({
      code: "limit-exceeded",
      message: "manifest: expected at most 1999 bytes, got more",
    });
    expect(source).toMatchObject({ chunks: 2, closed: true });
  });

  it("drains to the end, and counts", async () => {
    expect(await drain(inChunks(content, 300))).toBe(1000);
  });

  it("opens a source over memory as often as wanted", async () => {
    const source = sourceOf(content);
    expect(source.size).toBe(1000);
    expect(await readAll(source.open(), 1000, "test")).toEqual(content);
    expect(await readAll(source.open(), 1000, "test")).toEqual(content);
    expect(await drain(sourceOf(new Uint8Array()).open())).toBe(0);
  });

  it("fails with the signal's reason when it is aborted, and closes the source", async () => {
    const source = watched([content, content, content]);
    const stop = new AbortController();
    const read = async (): Promise<void> => {
      for await (const chunk of abortable(source.bytes, stop.signal, "layer"))
        stop.abort(chunk.length);
    };
    await expect(read()).rejects.toMatchObject({ code: "aborted", cause: 1000 });
    expect(source).toMatchObject({ chunks: 2, closed: true });
  });
});
