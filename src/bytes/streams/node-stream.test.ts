// SPDX-License-Identifier: MIT
import { Readable, Transform } from "node:stream";
import { createGunzip, gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import {
  collect,
  failureOf,
  inChunks,
  noise,
  readFirst,
  watched,
} from "../../../test/fixtures/bytes/streams.ts";
import { fromReadable, through, toReadable } from "./node-stream.ts";

const content = noise(20_000);
const packed = new Uint8Array(gzipSync(content));
const halves = [packed.subarray(0, 3000), packed.subarray(3000)];

describe("bytes through a Node transform", () => {
  it("are complete, although the source reuses one buffer for all its chunks", async () => {
    expect(await collect(through(inChunks(packed, 1000), createGunzip()))).toEqual(content);
  });

  it("fail with the very error of their source, and the transform is destroyed", async () => {
    const failure = new Error("the connection was lost");
    const source = watched(halves.slice(0, 1), failure);
    const transform = createGunzip();
    expect(await failureOf(through(source.bytes, transform))).toBe(failure);
    expect(source.closed).toBe(true);
    expect(transform.destroyed).toBe(true);
  });

  it("fail with an Error even when the source throws another kind of value", async () => {
    async function* source(): AsyncGenerator<Uint8Array> {
      await Promise.resolve();
      yield packed.subarray(0, 100);
      // A web stream rejects with whatever it was told, here a text.
      await new ReadableStream({ pull: (stream) => stream.error("a string") }).getReader().read();
    }
    expect(await failureOf(through(source(), createGunzip()))).toMatchObject({
      message: "a string",
    });
  });

  it("fail with the error of the transform, and the source is closed", async () => {
    const source = watched([new TextEncoder().encode("this is no gzip"), ...halves]);
    expect(await failureOf(through(source.bytes, createGunzip()))).toMatchObject({
      code: "Z_DATA_ERROR",
    });
    expect(source.closed).toBe(true);
  });

  it("fail when they are cut short", async () => {
    expect(
      await failureOf(through(watched(halves.slice(0, 1)).bytes, createGunzip())),
    ).toMatchObject({ code: "Z_BUF_ERROR" });
  });

  it("can be left early: the source is closed, the transform destroyed, and there is no error", async () => {
    const many = Array.from({ length: 1000 }, () => noise(65_536));
    const source = watched(many);
    const transform = new Transform({ transform: (chunk, _, done) => done(null, chunk) });
    for await (const chunk of through(source.bytes, transform)) {
      expect(chunk.length).toBeGreaterThan(0);
      break;
    }
    expect(source.closed).toBe(true);
    expect(source.chunks).toBeLessThan(20);
    expect(transform.destroyed).toBe(true);
  });

  it("do not open their source before they are read", async () => {
    const source = watched(halves);
    const bytes = through(source.bytes, createGunzip());
    await new Promise((resolve) => setImmediate(resolve));
    expect(source.chunks).toBe(0);
    expect(await collect(bytes)).toEqual(content);
  });
});

describe("Node readables", () => {
  it("become bytes, and are destroyed by a reader that stops early", async () => {
    const whole = Readable.from([Buffer.from("ab"), Buffer.from("c")], { objectMode: false });
    expect(Buffer.from(await collect(fromReadable(whole))).toString()).toBe("abc");
    const left = new Readable({ read: () => void left.push(Buffer.alloc(1000)) });
    await readFirst(fromReadable(left));
    expect(left.destroyed).toBe(true);
  });

  it("are made of bytes, and read ahead although the source reuses one buffer", async () => {
    expect(await collect(fromReadable(toReadable(inChunks(content, 1000))))).toEqual(content);
  });

  it("pass on the error of the bytes they are made of, and close them when destroyed", async () => {
    const failure = new Error("lost");
    expect(await failureOf(fromReadable(toReadable(watched([content], failure).bytes)))).toBe(
      failure,
    );
    const source = watched(Array.from({ length: 100 }, () => content));
    const readable = toReadable(source.bytes);
    await readFirst(readable);
    await new Promise((resolve) => setImmediate(resolve));
    expect(source.closed).toBe(true);
  });
});
