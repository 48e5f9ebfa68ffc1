// SPDX-License-Identifier: MIT
import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { watchedImage } from "../../../test/fixtures/watched-image.ts";
import { removeTree } from "../../files/remove-tree.ts";
import { openConversions, type Conversions, type ConvertProgress } from "./conversions.ts";

let place: string;
let store: Conversions;

beforeEach(() => {
  place = mkdtempSync(join(tmpdir(), "oci-kit-conversions-"));
  store = openConversions(join(place, "store"));
});
afterEach(() => removeTree(place));

async function contentOf(name: string): Promise<string> {
  const { rootfs } = await store.resolve(name);
  return readFileSync(join(rootfs, "file"), "utf8");
}

/** The directory entries among the conversions, except locks. */
function conversions(): string[] {
  return readdirSync(join(store.directory, "conversions")).filter((name) => name !== ".locks");
}

describe("two names for the same digest are converted only once", () => {
  it("when converted one after the other, whatever repository each name is in", async () => {
    const first = await watchedImage({ file: "x" }, { name: "registry.example/builds/1" });
    const second = await watchedImage({ file: "x" }, { name: "registry.example/family/image" });
    const made = await store.convert({ image: first.image }, ["builds/1"]);
    const { ino } = statSync(join(made.rootfs, "file"));
    const named = await store.convert({ image: second.image }, ["family/image:latest"]);
    expect(named).toEqual({ ...made, converted: false });
    expect([first.reads(), second.reads()]).toEqual([1, 0]);
    expect(conversions()).toEqual([made.key]);
    const { rootfs } = await store.resolve("family/image:latest");
    expect(statSync(join(rootfs, "file")).ino).toBe(ino);
  });

  it("when converted at the same time: one converts, the others wait, and every name is complete in the end", async () => {
    const { image, reads } = await watchedImage({ file: "x" });
    const told: ConvertProgress[] = [];
    const onProgress = (event: ConvertProgress): unknown => told.push(event);
    const names = Array.from({ length: 8 }, (_, at) => `name-${at}`);
    const made = await Promise.all(
      names.map((name) =>
        openConversions(store.directory).convert({ image }, [name], { onProgress }),
      ),
    );
    expect(made.filter(({ converted }) => converted)).toHaveLength(1);
    expect(reads()).toBe(1);
    expect(conversions()).toEqual([made[0]!.key]);
    for (const name of names) expect(await contentOf(name)).toBe("x");
    expect((await store.list()).names.map(({ problem }) => problem)).toEqual(
      names.map(() => undefined),
    );
    const waiting = told.filter(({ kind }) => kind === "waiting");
    expect(waiting).toHaveLength(7);
    expect(waiting[0]).toMatchObject({
      holder: expect.stringContaining(`process ${process.pid}`) as string,
    });
  });

  it("unless the first conversion fails, in which case the second one converts", async () => {
    let attempts = 0;
    const { image } = await watchedImage(
      { file: "x" },
      {
        beforeLayer: () => {
          attempts += 1;
          return attempts === 1 ? Promise.reject(new Error("connection reset")) : Promise.resolve();
        },
      },
    );
    const [first, second] = await Promise.allSettled([
      store.convert({ image }, ["one"]),
      store.convert({ image }, ["two"]),
    ]);
    expect(first).toMatchObject({ status: "rejected", reason: { message: "connection reset" } });
    expect(second).toMatchObject({ status: "fulfilled", value: { converted: true } });
    expect((await store.list()).names.map(({ name }) => name)).toEqual(["two"]);
    expect(await contentOf("two")).toBe("x");
  });
});

describe("a conversion", () => {
  it("consists of a root directory, its sidecar and a record of its image", async () => {
    const { image } = await watchedImage({ "dir/": "", "dir/file": "hello" });
    const { directory, rootfs, digest, key } = await store.convert({ image }, ["a"], {});
    expect(readdirSync(directory).sort()).toEqual(["image.json", "rootfs", "rootfs.oci-kit"]);
    expect(statSync(directory).mode & 0o777).toBe(0o700);
    expect(readFileSync(join(rootfs, "dir/file"), "utf8")).toBe("hello");
    expect(digest).toBe(image.descriptor.digest);
    const { conversions: listed } = await store.list();
    expect(listed).toMatchObject([
      {
        key,
        digest,
        names: ["a"],
        problem: undefined,
        image: {
          version: 1,
          name: "memory",
          manifest: { digest, mediaType: image.descriptor.mediaType },
          platform: { architecture: "amd64", os: "linux" },
          config: { digest: image.manifest.value.config.digest },
          layers: [{ digest: image.manifest.value.layers[0]!.digest }],
          diffIds: image.config.value.rootfs.diff_ids,
          settings: {},
          bytes: 5,
        },
      },
    ]);
  });

  it("is separate for other settings", async () => {
    const { image, reads } = await watchedImage({ file: "x" });
    const usual = await store.convert({ image }, ["usual"]);
    const mapped = {
      uidMap: [{ image: 0, disk: process.getuid?.() ?? 0, size: 1 }],
      sameOwner: false,
    };
    const other = await store.convert({ image }, ["other"], mapped);
    expect(other.key).not.toBe(usual.key);
    expect(other.digest).toBe(usual.digest);
    expect(reads()).toBe(2);
    expect((await store.convert({ image }, [], mapped)).converted).toBe(false);
    expect((await store.resolve(usual.digest)).key).toBe(usual.key);
    expect((await store.resolve(usual.digest, mapped)).key).toBe(other.key);
    await expect(store.resolve(usual.digest, { rootlessXattr: true })).rejects.toMatchObject({
      code: "ambiguous",
    });
  });

  it("leaves nothing usable and does not move the name if it fails", async () => {
    const good = await watchedImage({ file: "good" });
    const bad = await watchedImage(
      { file: "bad" },
      {
        beforeLayer: () => Promise.reject(new Error("no more")),
      },
    );
    const { key } = await store.convert({ image: good.image }, ["name"]);
    await expect(store.convert({ image: bad.image }, ["name", "new"])).rejects.toThrow("no more");
    expect(conversions()).toEqual([key]);
    expect(await contentOf("name")).toBe("good");
    await expect(store.resolve("new")).rejects.toMatchObject({ code: "not-found" });
  });

  it("leaves nothing usable if it is aborted", async () => {
    const abort = new AbortController();
    const { image } = await watchedImage(
      { file: "x" },
      {
        beforeLayer: () => {
          abort.abort();
          return Promise.resolve();
        },
      },
    );
    const stopped = store.convert({ image }, ["name"], { signal: abort.signal });
    await expect(stopped).rejects.toMatchObject({ code: "aborted" });
    expect(conversions()).toEqual([]);
    expect((await store.convert({ image }, ["name"])).converted).toBe(true);
  });

  it("gets its name only when it is complete; until then the name means the last complete one", async () => {
    const good = await watchedImage({ file: "good" });
    await store.convert({ image: good.image }, ["name"]);
    const seen: string[] = [];
    const next = await watchedImage(
      { file: "next" },
      {
        beforeLayer: async () => {
          seen.push(await contentOf("name"));
        },
      },
    );
    await store.convert({ image: next.image }, ["name"]);
    expect(seen).toEqual(["good"]);
    expect(await contentOf("name")).toBe("next");
  });

  it("is discarded if the directory is not what the image says", async () => {
    const plant = (): Promise<void> => {
      const [fresh = ""] = conversions();
      writeFileSync(join(store.directory, "conversions", fresh, "rootfs/planted"), "");
      return Promise.resolve();
    };
    const { image } = await watchedImage({ file: "x" }, { beforeLayer: plant });
    await expect(store.convert({ image }, ["name"])).rejects.toMatchObject({
      code: "gate-refused",
      details: { paths: ["/planted"] },
    });
    expect(conversions()).toEqual([]);
    await expect(store.resolve("name")).rejects.toMatchObject({ code: "not-found" });
  });

  it("is refused before anything is read if a name is invalid", async () => {
    const { image, reads } = await watchedImage({ file: "x" });
    for (const name of ["", "a\0b", image.descriptor.digest, "x".repeat(256)]) {
      await expect(store.convert({ image }, ["good", name])).rejects.toMatchObject({
        code: "invalid-argument",
      });
    }
    expect(reads()).toBe(0);
    expect(existsSync(store.directory)).toBe(false);
  });
});
