// SPDX-License-Identifier: MIT
import { appendFileSync, closeSync, mkdtempSync, openSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { hashBytes } from "../../bytes/hash.ts";
import { openFileHasher } from "./file-hasher.ts";

const MIB = 1024 * 1024;
const BYTES = new Uint8Array(5 * MIB + 7).map((_, at) => (at * 31 + (at >> 9)) % 251);

let place: string;
let fd: number;
beforeEach(() => {
  place = mkdtempSync(join(tmpdir(), "oci-kit-hasher-"));
});
afterEach(() => {
  closeSync(fd);
  rmSync(place, { recursive: true });
});

function fileOf(bytes: Uint8Array): string {
  const path = join(place, "file");
  writeFileSync(path, bytes);
  fd = openSync(path, "r");
  return path;
}

it("hashes a file while it grows, by either algorithm", async () => {
  const path = fileOf(new Uint8Array());
  const hashers = (["sha256", "sha512"] as const).map(openFileHasher);
  for (let at = 0; at < BYTES.length; at += 700_000) {
    const end = Math.min(at + 700_000, BYTES.length);
    appendFileSync(path, BYTES.subarray(at, end));
    for (const hasher of hashers) hasher.readTo(fd, end);
  }
  const got = await Promise.all(hashers.map((hasher) => hasher.hex()));
  expect(got).toEqual([hashBytes(BYTES, "sha256"), hashBytes(BYTES, "sha512")]);
});

it("reads through another descriptor once it has settled", async () => {
  const path = fileOf(BYTES);
  const hasher = openFileHasher("sha256");
  hasher.readTo(fd, 2 * MIB);
  await hasher.settle();
  closeSync(fd);
  fd = openSync(path, "r");
  hasher.readTo(fd, BYTES.length);
  expect(await hasher.hex()).toBe(hashBytes(BYTES, "sha256"));
});

it("fails for a file that has become shorter, and other files go on", async () => {
  fileOf(BYTES);
  const [short, whole] = [openFileHasher("sha256"), openFileHasher("sha256")];
  short.readTo(fd, BYTES.length + 1);
  whole.readTo(fd, BYTES.length);
  await expect(short.hex()).rejects.toThrow(/shorter/);
  expect(await whole.hex()).toBe(hashBytes(BYTES, "sha256"));
});

it("can be dropped at any time, and then uses the descriptor no more", async () => {
  fileOf(BYTES);
  const hasher = openFileHasher("sha256");
  hasher.readTo(fd, BYTES.length);
  const settled = hasher.settle();
  await hasher.drop();
  hasher.readTo(fd, BYTES.length);
  await Promise.all([settled, hasher.settle(), hasher.drop()]);
  await expect(hasher.hex()).rejects.toThrow(/dropped/);
});

it("has no digest of a file of which it was told nothing", async () => {
  fileOf(BYTES);
  await expect(openFileHasher("sha256").hex()).rejects.toThrow(/nothing was read/);
});
