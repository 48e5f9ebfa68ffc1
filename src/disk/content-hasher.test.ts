// SPDX-License-Identifier: MIT
import * as fs from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { digestBytes } from "../bytes/hash.ts";
import { createContentHasher, type ContentHasher, type HashOutcome } from "./content-hasher.ts";

let base: string;
let hasher: ContentHasher;

beforeEach(() => {
  base = fs.mkdtempSync(join(tmpdir(), "oci-kit-hasher-"));
});
afterEach(async () => {
  await hasher.close();
  fs.rmSync(base, { recursive: true, force: true });
});

function open(name: string, content: Uint8Array): number {
  fs.writeFileSync(join(base, name), content);
  return fs.openSync(join(base, name), "r");
}

const openCount = (): number => fs.readdirSync("/proc/self/fd").length;

describe("hashing files in threads", () => {
  it.each([
    ["in the calling thread while there is little to do", 1e9],
    ["in threads of its own once there is more", 0],
  ])("gives each file's digest, %s", async (_, threshold) => {
    hasher = createContentHasher({ threshold });
    const contents = Array.from({ length: 100 }, (_unused, at) =>
      new Uint8Array(at * 9973).fill(at),
    );
    const digests = new Map<number, HashOutcome>();
    for (const [at, content] of contents.entries()) {
      hasher.add(open(String(at), content), content.length, (outcome) => digests.set(at, outcome));
      await hasher.pause();
    }
    await hasher.finish();
    expect([...digests].sort(([a], [b]) => a - b)).toEqual(
      contents.map((content, at) => [at, { digest: digestBytes(content) }]),
    );
  });

  it.each([1e9, 0])(
    "says why a file cannot be read, and continues with the others (threshold %d)",
    async (threshold) => {
      hasher = createContentHasher({ threshold });
      const outcomes: HashOutcome[] = [];
      const tell = (outcome: HashOutcome): void => void outcomes.push(outcome);
      hasher.add(fs.openSync(base, "r"), 1, tell);
      hasher.add(open("x", new Uint8Array(1)), 1, tell);
      await hasher.finish();
      expect(outcomes).toEqual([
        { failure: expect.stringContaining("EISDIR") as string },
        { digest: digestBytes(new Uint8Array(1)) },
      ]);
    },
  );

  it("stops waiting when it is aborted", async () => {
    hasher = createContentHasher({ threshold: 0 });
    hasher.add(open("x", new Uint8Array(50_000_000)), 50_000_000, () => undefined);
    const controller = new AbortController();
    const finished = hasher.finish({ signal: controller.signal });
    controller.abort();
    await expect(finished).rejects.toMatchObject({ code: "aborted" });
  });

  it("asks the caller to pause when many files are open", async () => {
    hasher = createContentHasher({ threshold: 0 });
    let told = 0;
    expect(hasher.pause()).toBeUndefined();
    for (let at = 0; at < 256; at += 1) {
      hasher.add(open("x", new Uint8Array(1)), 1, () => (told += 1));
    }
    await hasher.pause();
    expect(told).toBeGreaterThan(100);
    expect(hasher.pause()).toBeUndefined();
  });
});

describe.runIf(process.platform === "linux")("hashing files in threads on Linux", () => {
  it("leaves no descriptor open, whether it finishes or is stopped", async () => {
    const before = openCount();
    for (const isWhole of [true, false]) {
      hasher = createContentHasher({ threshold: 0 });
      let told = 0;
      for (let at = 0; at < 100; at += 1) {
        hasher.add(open("x", new Uint8Array(100_000)), 100_000, () => (told += 1));
      }
      if (isWhole) await hasher.finish();
      await hasher.close();
      await hasher.close();
      expect(told).toBe(isWhole ? 100 : 0);
    }
    expect(openCount()).toBeLessThanOrEqual(before);
  });
});
