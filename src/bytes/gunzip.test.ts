// SPDX-License-Identifier: MIT
import { setImmediate, setTimeout } from "node:timers/promises";
import { Worker } from "node:worker_threads";
import { gzipSync } from "node:zlib";
import fc from "fast-check";
import { describe, expect, it, vi } from "vitest";
import {
  collect,
  failureOf,
  fixture,
  inChunks,
  noise,
  readFirst,
  watched,
} from "../../test/fixtures/bytes/streams.ts";
import type { DigestAlgorithm } from "../oci/digest.ts";
import { once } from "./bytes.ts";
import { openGunzip } from "./gunzip-thread.ts";
import { gunzip } from "./gunzip.ts";
import { digestBytes } from "./hash.ts";

const PLAIN = "sha256:04a7151d39e6428277c93dbf28c326f438067910b3ccb581dfba6cf5ec12a2f3";
const text = (value: string): Uint8Array => new TextEncoder().encode(value);
const member = (value: string): Uint8Array => new Uint8Array(gzipSync(text(value)));
const zeros = (length: number): Uint8Array => new Uint8Array(length);
const join = (...parts: readonly Uint8Array[]): Uint8Array => new Uint8Array(Buffer.concat(parts));

async function unpack(packed: Uint8Array, size = 65_536): Promise<string> {
  return Buffer.from(await collect(gunzip(inChunks(packed, size), { what: "layer" }))).toString();
}

describe("gunzip", () => {
  it.each(["members.gz", "zeros.gz", "pigz.gz"])(
    "reads all of %s, made by another tool",
    async (name) => {
      const plain = await collect(gunzip(inChunks(fixture(name), 4096), { what: name }));
      expect(digestBytes(plain)).toBe(PLAIN);
    },
  );

  it("reads members that follow each other (3b-64)", async () => {
    expect(await unpack(join(member("one"), member(""), member("two")))).toBe("onetwo");
  });

  it("reads the member after zeros, which Node alone drops in silence (3b-65)", async () => {
    expect(await unpack(join(member("one"), zeros(512), member("two")))).toBe("onetwo");
    expect(await unpack(join(member("one"), zeros(1), member("two"), zeros(9), member("3")))).toBe(
      "onetwo3",
    );
  });

  it("reads zeros to the end (3b-65)", async () => {
    expect(await unpack(join(member("one"), zeros(100_000)))).toBe("one");
  });

  it("reads a hundred thousand empty members without recursion (3b-64, CVE-2022-30631)", async () => {
    const empty = member("");
    const many = new Uint8Array(empty.length * 100_000);
    for (let at = 0; at < many.length; at += empty.length) many.set(empty, at);
    expect(await unpack(join(many, member("end")))).toBe("end");
  });

  it("is the same however the input is cut, at every boundary", async () => {
    const packed = join(member("one"), zeros(3), member("two"), member("three"), zeros(2));
    for (let size = 1; size <= packed.length; size += 1) {
      expect(await unpack(packed, size)).toBe("onetwothree");
    }
  });

  it("brings back any members with any zeros between", async () => {
    const part = fc.tuple(fc.string({ maxLength: 40 }), fc.integer({ min: 0, max: 4 }));
    await fc.assert(
      fc.asyncProperty(
        fc.array(part, { minLength: 1, maxLength: 5 }),
        fc.integer({ min: 1, max: 64 }),
        async (parts, size) => {
          const packed = join(...parts.flatMap(([value, gap]) => [member(value), zeros(gap)]));
          expect(await unpack(packed, size)).toBe(
            Buffer.from(parts.map(([value]) => value).join("")).toString(),
          );
        },
      ),
      { numRuns: 40 },
    );
  });

  it("refuses whatever else follows a member (3b-66)", async () => {
    for (const garbage of [text("garbage"), join(zeros(5), text("garbage")), text("\u001fx")]) {
      expect(
        await failureOf(gunzip(once(join(member("one"), garbage)), { what: "layer 2" })),
      ).toMatchObject({
        code: "invalid-compression",
        message: expect.stringContaining("layer 2: ") as string,
      });
    }
  });

  it("refuses a stream that is cut anywhere (3b-66)", async () => {
    const packed = join(member("one"), member("two"));
    const whole = member("one").length;
    for (let length = 0; length < packed.length; length += 1) {
      if (length === whole) continue;
      const cut = gunzip(inChunks(packed.subarray(0, length), 5), { what: "layer" });
      expect(await failureOf(cut)).toMatchObject({ code: "truncated" });
    }
  });

  it("refuses a wrong checksum and a wrong length (3b-66)", async () => {
    const packed = member("one");
    for (const at of [packed.length - 8, packed.length - 1]) {
      const damaged = packed.with(at, packed[at]! ^ 1);
      expect(await failureOf(gunzip(once(damaged), { what: "layer" }))).toMatchObject({
        code: "invalid-compression",
      });
      expect(
        await failureOf(gunzip(once(join(damaged, zeros(4))), { what: "layer" })),
      ).toMatchObject({
        code: "invalid-compression",
      });
    }
  });

  it("passes on the error of its source, and closes it when left early", async () => {
    const packed = new Uint8Array(gzipSync(noise(2_000_000)));
    const failure = new Error("lost");
    expect(
      await failureOf(gunzip(watched([packed.subarray(0, 999)], failure).bytes, { what: "layer" })),
    ).toBe(failure);
    const source = watched([packed.subarray(0, 500_000), packed.subarray(500_000)]);
    await readFirst(gunzip(source.bytes, { what: "layer" }));
    expect(source.closed).toBe(true);
  });

  it("hashes what comes out of all members, and says so only when all was read", async () => {
    const packed = join(member("one"), zeros(7), member("two"));
    const told: string[] = [];
    const hash = { algorithm: "sha256", done: (hex: string) => void told.push(hex) } as const;
    await readFirst(gunzip(once(packed), { what: "layer", hash }));
    await failureOf(gunzip(once(packed.subarray(0, -1)), { what: "layer", hash }));
    expect(told).toEqual([]);
    await collect(gunzip(once(packed), { what: "layer", hash }));
    expect(told.map((hex) => `sha256:${hex}`)).toEqual([digestBytes(text("onetwo"))]);
  });

  it("reads several streams at once, each at the pace of its reader", async () => {
    const contents = [3_000_000, 10, 5_000_000, 0, 1_000_000].map(noise);
    const readSlowly = async (content: Uint8Array, seed: number): Promise<boolean> => {
      const parts: Uint8Array[] = [];
      const packed = new Uint8Array(gzipSync(content, { level: 1 }));
      for await (const chunk of gunzip(inChunks(packed, 50_000), { what: "layer" })) {
        for (let turn = 0; turn <= seed; turn += 1) await setImmediate();
        parts.push(new Uint8Array(chunk));
      }
      return Buffer.compare(join(...parts), content) === 0;
    };
    const rounds = await Promise.all([...contents, ...contents].map(readSlowly));
    expect(rounds).toEqual(rounds.map(() => true));
  });

  it("leaves its source where it is while nobody reads on", async () => {
    const packed = new Uint8Array(gzipSync(noise(20_000_000), { level: 1 }));
    const chunks = Array.from({ length: 300 }, (_, at) =>
      packed.subarray(at * 65_536, (at + 1) * 65_536),
    );
    const source = watched(chunks);
    const reader = gunzip(source.bytes, { what: "layer" });
    await reader.next();
    let before = -1;
    while (source.chunks !== before) {
      before = source.chunks;
      await setTimeout(100);
    }
    expect(before).toBeLessThan(150);
    await reader.return(undefined);
    expect(source.closed).toBe(true);
  });

  it("holds up the end of the process only while somebody waits for what it says", async () => {
    const held = vi.spyOn(Worker.prototype, "ref").mock;
    const freed = vi.spyOn(Worker.prototype, "unref").mock;
    const packed = new Uint8Array(gzipSync(noise(9_000_000), { level: 1 }));
    const reader = gunzip(inChunks(packed, 65_536), { what: "layer" });
    await reader.next();
    await setTimeout(100);
    expect(held.calls.length).toBeGreaterThan(0);
    expect(freed.invocationCallOrder.at(-1)).toBeGreaterThan(held.invocationCallOrder.at(-1)!);
    vi.restoreAllMocks();
    await reader.return(undefined);
  });

  it("fails every stream of a thread that dies, and goes on with another", async () => {
    const dies = openGunzip("no such algorithm" as DigestAlgorithm);
    const beside = collect(gunzip(endless(), { what: "layer" }));
    expect(await failureOf(dies.read())).toMatchObject({ code: "Z_MEM_ERROR" });
    await expect(beside).rejects.toMatchObject({ code: "unsupported-compression" });
    dies.close();
    expect(await unpack(member("one"))).toBe("one");
  });
});

async function* endless(): AsyncGenerator<Uint8Array> {
  const empty = member("");
  for (;;) {
    await setImmediate();
    yield empty;
  }
}
