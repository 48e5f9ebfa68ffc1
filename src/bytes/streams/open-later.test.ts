// SPDX-License-Identifier: MIT
import { describe, expect, it } from "vitest";
import { collect, failureOf, noise, watched } from "../../../test/fixtures/bytes/streams.ts";
import { once } from "../bytes.ts";
import { openLater } from "./open-later.ts";

const content = noise(10);

describe("bytes that are opened later", () => {
  it("are opened by the first reading, and only then", async () => {
    let opened = 0;
    const bytes = openLater(() => {
      opened += 1;
      return Promise.resolve(once(content));
    });
    expect(opened).toBe(0);
    expect(await collect(bytes)).toEqual(content);
    expect(await collect(bytes)).toHaveLength(0);
    expect(opened).toBe(1);
  });

  it("fail with the error of opening them, and have then ended", async () => {
    const failure = new Error("no such file");
    const bytes = openLater(() => Promise.reject(failure));
    expect(await failureOf(bytes)).toBe(failure);
    expect(await collect(bytes)).toHaveLength(0);
  });

  it("are closed when the reader stops, also while they are being opened", async () => {
    let open = (): void => undefined;
    const waited = new Promise<void>((resolve) => (open = resolve));
    const source = watched([content, content]);
    const reader = openLater(async () => {
      await waited;
      return source.bytes;
    })[Symbol.asyncIterator]();
    const next = reader.next();
    const stopped = reader.return?.();
    open();
    await Promise.all([next, stopped]);
    expect(source.closed).toBe(true);
    expect(await reader.next()).toMatchObject({ done: true });
  });

  it("are not opened when the reader stops before the first chunk", async () => {
    const never = (): never => expect.unreachable("they were opened");
    const reader = openLater(never)[Symbol.asyncIterator]();
    await reader.return?.();
    expect(await reader.next()).toMatchObject({ done: true });
  });
});
