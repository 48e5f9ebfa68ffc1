// SPDX-License-Identifier: MIT
import {
  existsSync,
  lutimesSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setImmediate } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { watchedImage } from "../../../test/fixtures/watched-image.ts";
import { removeTree } from "../../files/remove-tree.ts";
import { openConversions, type Conversions, type Converted } from "./conversions.ts";

const HOUR = 3600_000;

let place: string;
let store: Conversions;

beforeEach(() => {
  place = mkdtempSync(join(tmpdir(), "oci-kit-prune-"));
  store = openConversions(join(place, "store"));
});
afterEach(() => removeTree(place));

async function convert(content: string, ...names: string[]): Promise<Converted> {
  const { image } = await watchedImage({ file: content });
  return store.convert({ image }, names);
}

/** Makes a conversion look unused for this long. */
function age({ directory }: Converted, milliseconds: number): void {
  const then = new Date(Date.now() - milliseconds);
  utimesSync(directory, then, then);
}

function conversions(): string[] {
  return readdirSync(join(store.directory, "conversions")).filter((name) => name !== ".locks");
}

describe("pruning", () => {
  it("removes what no name means and nobody used for an hour, and nothing else", async () => {
    const old = await convert("old");
    const named = await convert("named", "name");
    const young = await convert("young");
    age(old, HOUR + 1000);
    age(named, 100 * HOUR);
    age(young, HOUR - 60_000);
    const removed = [{ key: old.key, digest: old.digest, bytes: 3 }];
    expect(await store.prune({ dryRun: true })).toEqual({ removed, kept: 2 });
    expect(existsSync(old.directory)).toBe(true);
    expect(await store.prune()).toEqual({ removed, kept: 2 });
    expect(conversions().sort()).toEqual([named.key, young.key].sort());
    expect(await store.prune({ minimumAge: 0 })).toMatchObject({ removed: [{ key: young.key }] });
    expect((await store.resolve("name")).key).toBe(named.key);
  });

  it("keeps a conversion while one of its two names still means it", async () => {
    const { key } = await convert("x", "one", "two");
    await store.unlink("one");
    expect(await store.prune({ minimumAge: 0 })).toEqual({ removed: [], kept: 1 });
    await store.unlink("two");
    expect(await store.prune({ minimumAge: 0 })).toMatchObject({ removed: [{ key }], kept: 0 });
    expect((await convert("x", "one")).converted).toBe(true);
  });

  it("keeps a conversion for the minimum age after it was found or lost its name", async () => {
    const found = await convert("found");
    const lost = await convert("lost", "name");
    for (const conversion of [found, lost]) age(conversion, 2 * HOUR);
    await store.resolve(found.digest);
    await convert("next", "name");
    expect(await store.prune()).toEqual({ removed: [], kept: 3 });
  });

  it("stops and removes nothing if the meaning of a name can't be determined", async () => {
    const { key, directory } = await convert("x");
    const names = join(store.directory, "names");
    const makers: Readonly<Record<string, (file: string) => void>> = {
      file: (file) => writeFileSync(file, ""),
      directory: (file) => mkdirSync(file),
      elsewhere: (file) => symlinkSync("/etc", file),
      above: (file) => symlinkSync(`../../conversions/${key}`, file),
      "Not-Encoded": (file) => symlinkSync(`../conversions/${key}`, file),
    };
    for (const [name, make] of Object.entries(makers)) {
      make(join(names, name));
      await expect(store.prune({ minimumAge: 0 })).rejects.toMatchObject({
        code: "invalid-layout",
      });
      rmSync(join(names, name), { recursive: true });
    }
    renameSync(names, join(place, "names"));
    await expect(store.prune({ minimumAge: 0 })).rejects.toMatchObject({ code: "not-found" });
    writeFileSync(names, "");
    await expect(store.prune({ minimumAge: 0 })).rejects.toMatchObject({ code: "not-found" });
    expect(existsSync(directory)).toBe(true);
  });

  it("is not stopped by a name whose conversion is gone", async () => {
    await removeTree((await convert("gone", "name")).directory);
    const { key } = await convert("x");
    expect(await store.prune({ minimumAge: 0 })).toMatchObject({ removed: [{ key }], kept: 0 });
    expect((await store.list()).names).toHaveLength(1);
  });

  it("removes what killed processes left, and nothing foreign", async () => {
    const { key } = await convert("x", "name");
    const at = (name: string): string => join(store.directory, "conversions", name);
    const dead = at(".new.0123456789ab.1.1.0123456789abcdef");
    mkdirSync(join(dead, "rootfs/deep"), { recursive: true });
    const link = join(store.directory, "names/.new.0123456789ab.1.1.0123456789abcdef");
    symlinkSync("x", link);
    utimesSync(dead, 0, 0);
    lutimesSync(link, 0, 0);
    mkdirSync(at("lost+found"));
    utimesSync(at("lost+found"), 0, 0);
    await store.prune({ minimumAge: 0 });
    expect(conversions().sort()).toEqual(["lost+found", key].sort());
    expect(readdirSync(join(store.directory, "names"))).toEqual(["name"]);
  });

  it("never removes a conversion that is just about to get a name", async () => {
    await convert("first", "one");
    const running = { prune: true };
    const pruning = (async () => {
      while (running.prune) {
        await store.prune({ minimumAge: 0 });
        await setImmediate();
      }
    })();
    for (let round = 0; round < 10; round += 1) {
      const [one, two] = await Promise.all([
        convert(String(round % 3), "one"),
        convert(String((round + 1) % 3), "two"),
      ]);
      for (const [name, conversion] of [
        ["one", one],
        ["two", two],
      ] as const) {
        expect((await store.resolve(name)).key).toBe(conversion.key);
      }
    }
    running.prune = false;
    await pruning;
    expect((await store.list()).names.map(({ problem }) => problem)).toEqual([
      undefined,
      undefined,
    ]);
  });
});
