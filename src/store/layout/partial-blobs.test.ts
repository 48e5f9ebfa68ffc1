// SPDX-License-Identifier: MIT
import {
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { skip, take } from "../../bytes/streams/cut-bytes.ts";
import type { Bytes, Source } from "../../bytes/bytes.ts";
import {
  assertHolds,
  blob,
  chunked,
  sourceOf,
} from "../../testing/store-contract/store-content.ts";
import { collectGarbage } from "../prune/collect-garbage.ts";
import { openFreshLayout } from "./fresh-layout.ts";
import { openLayout, type LayoutStore } from "./layout.ts";

let directory: string;
beforeEach(() => {
  directory = join(mkdtempSync(join(tmpdir(), "oci-kit-test-")), "layout");
});
afterEach(() => rmSync(join(directory, ".."), { recursive: true }));

const { bytes, descriptor } = blob(400_000);
const open = (): Promise<LayoutStore> => openLayout(directory, { create: true });
const partial = (): string[] =>
  readdirSync(directory).filter((name) => name.startsWith(".oci-kit.partial."));
const place = (name: string): string => join(directory, name);

/** A source that breaks at a byte, and records the offsets at which it is opened. */
function watched(breakAt = Infinity): Source & { readonly offsets: number[] } {
  const offsets: number[] = [];
  return {
    offsets,
    size: bytes.length,
    open: ({ offset = 0 } = {}) => {
      offsets.push(offset);
      return broken(offset, breakAt);
    },
  };
}

async function* broken(offset: number, breakAt: number): Bytes {
  const whole = chunked(bytes, 10_000);
  yield* skip(breakAt < bytes.length ? take(whole, breakAt) : whole, offset);
  if (breakAt < bytes.length) throw new Error("the line broke");
}

async function breakOff(at = 250_000): Promise<void> {
  await expect((await open()).push(descriptor, watched(at))).rejects.toThrow("the line broke");
}

describe("a blob of which only the beginning has arrived", () => {
  it("stays, and the next push goes on at its end", async () => {
    await breakOff();
    expect(statSync(place(partial()[0]!)).size).toBe(250_000);
    const source = watched();
    const store = await open();
    expect(await store.exists(descriptor)).toBe(false);
    await store.push(descriptor, source);
    expect(source.offsets).toEqual([250_000]);
    await assertHolds(store, descriptor, bytes);
    expect(partial()).toEqual([]);
  });

  it("of a process that was killed is found too", async () => {
    await breakOff();
    const dead = `${partial()[0]!}.0123456789ab.12345.1.0123456789abcdef`;
    renameSync(place(partial()[0]!), place(dead));
    utimesSync(place(dead), new Date(0), new Date(Date.now() - 3600_000));
    const source = watched();
    await (await open()).push(descriptor, source);
    expect(source.offsets).toEqual([250_000]);
  });

  it("grows with every attempt", async () => {
    for (const at of [100_000, 200_000, 300_000]) await breakOff(at);
    const source = watched();
    await (await open()).push(descriptor, source);
    expect(source.offsets).toEqual([300_000]);
  });

  it("that is wrong is fetched anew, once", async () => {
    await breakOff();
    writeFileSync(place(partial()[0]!), Buffer.alloc(250_000));
    const source = watched();
    const store = await open();
    await store.push(descriptor, source);
    expect(source.offsets).toEqual([250_000, 0]);
    await assertHolds(store, descriptor, bytes);
    await store.capabilities.remove(descriptor.digest);
    await breakOff();
    writeFileSync(place(partial()[0]!), Buffer.alloc(250_000));
    const failed = store.push(descriptor, sourceOf(bytes.with(399_999, bytes[399_999]! ^ 1)));
    await expect(failed).rejects.toMatchObject({ code: "digest-mismatch" });
    expect(partial()).toEqual([]);
  });

  it.each([0, 400_001])("is not gone on with when it has %d bytes", async (size) => {
    await breakOff();
    writeFileSync(place(partial()[0]!), Buffer.alloc(size));
    const source = watched();
    await (await open()).push(descriptor, source);
    expect(source.offsets).toEqual([0]);
    expect(partial()).toEqual([]);
  });

  it("that is whole is only read again", async () => {
    await breakOff();
    writeFileSync(place(partial()[0]!), bytes);
    const source = watched();
    const store = await open();
    await store.push(descriptor, source);
    expect(source.offsets).toEqual([]);
    await assertHolds(store, descriptor, bytes);
  });

  it("serves only one of two who fetch it at once", async () => {
    await breakOff();
    const store = await open();
    const sources = [watched(), watched()];
    await Promise.all(sources.map((source) => store.push(descriptor, source)));
    expect(sources.flatMap(({ offsets }) => offsets).sort()).toEqual([0, 250_000]);
    await assertHolds(store, descriptor, bytes);
    expect(partial()).toEqual([]);
  });

  it("is refused when somebody else has written into the same file", async () => {
    await breakOff();
    const [name = ""] = partial();
    const source: Source = {
      open: ({ offset = 0 } = {}) => meddled(offset),
    };
    async function* meddled(offset: number): Bytes {
      const held = partial().find((one) => one.startsWith(`${name}.`))!;
      writeFileSync(place(held), "more", { flag: "a" });
      yield* skip(chunked(bytes, 10_000), offset);
    }
    const store = await open();
    await expect(store.push(descriptor, source)).rejects.toMatchObject({ code: "size-mismatch" });
    expect(await store.exists(descriptor)).toBe(false);
  });

  it("keeps a new layout from being discarded, unless all of it is to go", async () => {
    const { store, discard } = await openFreshLayout(directory);
    await expect(store.push(descriptor, watched(250_000))).rejects.toThrow();
    await discard();
    expect(partial()).toHaveLength(1);
    expect(JSON.parse(readFileSync(place("index.json"), "utf8"))).toHaveProperty("manifests", []);
    await discard({ whole: true });
    expect(() => readdirSync(directory)).toThrow();
  });

  it("is swept with the garbage that is as old, and by the first push after a day", async () => {
    await breakOff();
    const upload = await (await open()).capabilities.uploads.begin();
    const store = await open();
    await collectGarbage(store, { minAge: 3600_000 });
    const names = (): string[] => readdirSync(directory).filter((name) => name.startsWith("."));
    expect(names()).toHaveLength(2);
    for (const name of names())
      utimesSync(place(name), new Date(), new Date(Date.now() - 2 * 3600_000));
    await collectGarbage(store, { minAge: 3600_000 });
    expect(names()).toEqual([]);
    await breakOff();
    utimesSync(place(names()[0]!), new Date(), new Date(Date.now() - 25 * 3600_000));
    const other = blob(100_000);
    await (await open()).push(other.descriptor, sourceOf(other.bytes));
    expect(names()).toEqual([]);
    await expect(store.capabilities.uploads.resume(upload.state)).rejects.toMatchObject({
      code: "not-found",
    });
  });

  it("of a few bytes is not kept", async () => {
    await breakOff(10_000);
    expect(partial()).toEqual([]);
  });
});
