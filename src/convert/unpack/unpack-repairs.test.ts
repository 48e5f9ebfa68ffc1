// SPDX-License-Identifier: MIT
import * as fs from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { directory, file, makeImage } from "../../../test/fixtures/layers.ts";
import { makeScratch, type Scratch } from "../../../test/fixtures/unpacking.ts";
import { digestBytes } from "../../bytes/hash.ts";
import type { UnpackRecord } from "../../disk/sidecar/unpack-record.ts";
import { isOciError } from "../../oci/errors.ts";
import { createMemoryStore } from "../../store/memory-store.ts";
import { packDirectory } from "../pack/pack-directory.ts";
import { unpack } from "./unpack.ts";

const LAYERS = [
  [directory("d", { mode: 0o700 }), file("d/f", "hello", { mtimeNanoseconds: 123 })],
  [file("s", "s".repeat(5000))],
];

let scratch: Scratch;

beforeEach(() => {
  scratch = makeScratch();
});
afterEach(() => scratch.remove());

async function hintOf(work: Promise<unknown>): Promise<string | undefined> {
  try {
    await work;
  } catch (error) {
    if (isOciError(error, "invalid-sidecar")) return error.hint;
    throw error;
  }
  return undefined;
}

const pack = (): Promise<unknown> => packDirectory(scratch.directory, createMemoryStore());

describe("unpacking again, as the hint about a damaged sidecar suggests", () => {
  const damages: readonly (readonly [string, (path: string) => void])[] = [
    ["lost", (path) => fs.rmSync(path)],
    ["cut short", (path) => fs.truncateSync(path, fs.statSync(path).size - 7)],
    ["empty", (path) => fs.truncateSync(path, 0)],
    ["altered", (path) => fs.appendFileSync(path, "x")],
  ];
  for (const name of ["sidecar.json", "tree.mtree", "placed", "config.json", "manifest.json"]) {
    it.each(damages)(`repairs a ${name} that is %s`, async (_, damage) => {
      const image = await makeImage(LAYERS);
      await unpack(image, scratch.directory);
      damage(join(scratch.sidecar, name));
      const hint = await hintOf(pack());
      if (hint !== undefined) expect(hint).toMatch(/^Run (the same )?oci-kit unpack again/);
      const { proof } = await unpack(image, scratch.directory);
      expect(proof).toMatchObject({ differences: [] });
      expect(await hintOf(pack())).toBeUndefined();
      expect(scratch.list()).toEqual(["d/", "d/f", "s"]);
    });
  }

  it("is refused if a newer version wrote the sidecar, and the hint says so", async () => {
    await scratch.unpack(LAYERS);
    const path = join(scratch.sidecar, "sidecar.json");
    fs.writeFileSync(path, fs.readFileSync(path, "utf8").replace('"version": 1', '"version": 2'));
    expect(await hintOf(scratch.unpack(LAYERS))).toContain("unpack into another directory");
  });
});

/** Replaces a text in a file of the sidecar, and records the digest of what becomes of it. */
function forge(name: "tree" | "placed", from: string, to: string): void {
  const path = join(scratch.sidecar, name === "tree" ? "tree.mtree" : name);
  const text = fs.readFileSync(path, "latin1");
  expect(text).toContain(from);
  const bytes = Buffer.from(text.replace(from, to), "latin1");
  fs.writeFileSync(path, bytes);
  const recordPath = join(scratch.sidecar, "sidecar.json");
  const record = JSON.parse(fs.readFileSync(recordPath, "utf8")) as UnpackRecord;
  const files = { ...record.files, [name]: { size: bytes.length, digest: digestBytes(bytes) } };
  fs.writeFileSync(recordPath, JSON.stringify({ ...record, files }));
}

describe("a line of a sidecar that this library would not write, under the right digest", () => {
  it.each<["tree" | "placed", string, string]>([
    ["tree", " size=5 ", " size=0x5 "],
    ["tree", "./d/f ", "./d/../f "],
    ["placed", "file 644 ", "file 844 "],
  ])("in %s is refused by pack, and the next unpack replaces it", async (name, from, to) => {
    const image = await makeImage(LAYERS);
    await unpack(image, scratch.directory);
    forge(name, from, to);
    expect(await hintOf(pack())).toMatch(/^Run oci-kit unpack again/);
    const { proof } = await unpack(image, scratch.directory);
    expect(proof).toMatchObject({ differences: [] });
    expect(await hintOf(pack())).toBeUndefined();
  });
});

describe("a directory with a file of another size than its sidecar says", () => {
  /** Makes the sidecar state a larger size for a file, which looks as if the disk lost the end of it. */
  const recordLarger = (size: number): void => forge("placed", ` ${size} `, ` ${size + 1} `);

  it("is not packed if a power cut lost contents, until the unpack that the hint suggests restores them", async () => {
    await scratch.unpack(LAYERS);
    recordLarger(5000);
    expect(await hintOf(pack())).toContain("oci-kit unpack again");
    await scratch.unpack(LAYERS);
    expect(await hintOf(pack())).toBeUndefined();
    expect(scratch.read("s")).toBe("s".repeat(5000));
  });

  it("is packed if the user changed the size", async () => {
    await scratch.unpack(LAYERS);
    fs.truncateSync(scratch.at("s"), 3);
    expect(await hintOf(pack())).toBeUndefined();
  });
});
