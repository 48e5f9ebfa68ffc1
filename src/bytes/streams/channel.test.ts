// SPDX-License-Identifier: MIT
import { describe, expect, it } from "vitest";
import { collect, failureOf, readFirst } from "../../../test/fixtures/bytes/streams.ts";
import { createChannel } from "./channel.ts";

const chunk = (value: number, length = 10): Uint8Array => new Uint8Array(length).fill(value);

describe("a channel", () => {
  it("gives in order what was pushed, before and while it is read", async () => {
    const channel = createChannel();
    channel.push(chunk(1));
    const all = collect(channel.bytes);
    channel.push(chunk(2));
    await channel.ready();
    channel.push(chunk(3));
    channel.end();
    channel.end();
    expect(await all).toEqual(
      Uint8Array.from([chunk(1), chunk(2), chunk(3)].flatMap((c) => [...c])),
    );
  });

  it("makes its writer wait at the high water mark until the reader has caught up", async () => {
    const channel = createChannel({ highWaterMark: 20 });
    channel.push(chunk(1));
    await channel.ready();
    channel.push(chunk(2));
    let ready = false;
    const waiting = channel.ready().then(() => (ready = true));
    await new Promise((resolve) => setImmediate(resolve));
    expect(ready).toBe(false);
    const reader = channel.bytes[Symbol.asyncIterator]();
    await reader.next();
    await waiting;
    expect(ready).toBe(true);
  });

  it("gives the reader the error after the chunks before it", async () => {
    const channel = createChannel();
    const failure = new Error("the writer failed");
    channel.push(chunk(1));
    channel.fail(failure);
    const reader = channel.bytes[Symbol.asyncIterator]();
    expect((await reader.next()).value).toEqual(chunk(1));
    await expect(reader.next()).rejects.toBe(failure);
  });

  it("gives the error to a reader that is already waiting", async () => {
    const channel = createChannel();
    const failure = failureOf(channel.bytes);
    channel.fail(new Error("late"));
    expect(await failure).toMatchObject({ message: "late" });
  });

  it("tells every writer that the reader has gone, whether it was waiting or asks later", async () => {
    const channel = createChannel({ highWaterMark: 5 });
    channel.push(chunk(1));
    channel.push(chunk(2));
    const waiting = channel.ready();
    await readFirst(channel.bytes);
    await expect(waiting).rejects.toMatchObject({ code: "aborted" });
    channel.push(chunk(3));
    await expect(channel.ready()).rejects.toMatchObject({ code: "aborted" });
  });

  it("does not make a writer wait that has ended", async () => {
    const channel = createChannel({ highWaterMark: 5 });
    channel.push(chunk(1));
    channel.end();
    const all = collect(channel.bytes);
    await channel.ready();
    expect(await all).toHaveLength(10);
    await channel.ready();
  });
});
