// SPDX-License-Identifier: MIT
import { mkdtempSync, readdirSync, renameSync, symlinkSync } from "node:fs";
import { rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { sourceOf } from "../../bytes/bytes.ts";
import { digestBytes } from "../../bytes/hash.ts";
import { verify } from "../../bytes/verify.ts";
import { assertHolds, blob, chunked, failing } from "../../testing/store-contract/store-content.ts";
import { createMemoryStore } from "../memory-store.ts";
import { storedContent } from "../read-content.ts";
import { completeUpload } from "../upload.ts";
import { openLayout, type LayoutStore } from "./layout.ts";

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "oci-kit-test-"));
});
afterEach(() => rm(directory, { recursive: true }));

/** Another store over the same directory, as another process would open it. */
const open = (): Promise<LayoutStore> => openLayout(join(directory, "layout"), { create: true });

/** The names in the layout directory that the spec does not define. */
const ownFiles = (): string[] =>
  readdirSync(join(directory, "layout")).filter((name) => name.startsWith(".oci-kit."));

describe("an upload into a layout", () => {
  it("can be continued by another process, even if other content was written meanwhile", async () => {
    const { bytes, descriptor } = blob(300_000);
    const upload = await (await open()).capabilities.uploads.begin();
    await upload.append(chunked(bytes.subarray(0, 200_000), 4_096), 200_000);
    const other = blob(10_000);
    await (await open()).push(other.descriptor, sourceOf(other.bytes));
    const store = await open();
    const resumed = await store.capabilities.uploads.resume(upload.state);
    expect(resumed.offset).toBe(200_000);
    const remote = createMemoryStore();
    await remote.push(descriptor, sourceOf(bytes));
    await completeUpload(resumed, descriptor, storedContent(remote, descriptor));
    await assertHolds(store, descriptor, bytes);
    expect(ownFiles()).toEqual([]);
  });

  it.each(["sha256", "sha512"] as const)(
    "receives large parts that are pushed, and has their %s by the end",
    async (algorithm) => {
      const { bytes } = blob(3_000_000);
      const store = await open();
      const push = async (from: number, to: number, error?: Error): Promise<void> => {
        await upload.receive((take) => {
          for (let at = from; at < to; at += 700_000)
            take(bytes.slice(at, Math.min(at + 700_000, to)));
          return error === undefined ? Promise.resolve() : Promise.reject(error);
        });
      };
      let upload = await store.capabilities.uploads.begin();
      await expect(push(0, 2_000_000, new Error("it broke"))).rejects.toThrow("it broke");
      await push(2_000_000, bytes.length);
      const digest = digestBytes(bytes, algorithm);
      await upload.finish(digest);
      await assertHolds(store, { mediaType: "x/y", digest, size: bytes.length }, bytes);

      upload = await store.capabilities.uploads.begin();
      upload.hashWith(algorithm);
      await push(0, bytes.length);
      const wrong = digestBytes(bytes.subarray(1), algorithm);
      await expect(upload.finish(wrong)).rejects.toMatchObject({ code: "digest-mismatch" });
      expect(ownFiles()).toEqual([]);
    },
  );

  it("keeps every byte of a part that broke off, and takes parts of any length", async () => {
    const { bytes, descriptor } = blob(100_000);
    const store = await open();
    const upload = await store.capabilities.uploads.begin();
    await expect(upload.append(failing(bytes))).rejects.toThrow("the source broke");
    expect(upload.offset).toBe(50_000);
    await upload.append(chunked(bytes.subarray(50_000), 999));
    await upload.finish(descriptor.digest);
    await assertHolds(store, descriptor, bytes);
  });

  it("is hashed again when a verified source was only a part of it", async () => {
    const { bytes, descriptor } = blob(100_000);
    const first = blob(40_000);
    const store = await open();
    const upload = await store.capabilities.uploads.begin();
    await upload.append(verify(chunked(first.bytes, 999), first.descriptor), 40_000);
    await upload.append(chunked(bytes.subarray(40_000), 999), 60_000);
    await expect(upload.finish(descriptor.digest)).rejects.toMatchObject({
      code: "digest-mismatch",
    });
    expect(await store.exists(descriptor)).toBe(false);
    expect(ownFiles()).toEqual([]);
  });

  it("is refused when its file is a link", async () => {
    const store = await open();
    const upload = await store.capabilities.uploads.begin();
    const [name = ""] = ownFiles();
    const path = join(directory, "layout", name);
    renameSync(path, join(directory, "outside"));
    symlinkSync(join(directory, "outside"), path);
    await expect(upload.append(chunked(new Uint8Array(10), 5))).rejects.toThrow(/ELOOP/);
    const resumed = store.capabilities.uploads.resume(upload.state);
    await expect(resumed).rejects.toMatchObject({ code: "invalid-layout" });
  });
});
