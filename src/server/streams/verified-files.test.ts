// SPDX-License-Identifier: MIT
import { closeSync, mkdtempSync, openSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { digestBytes } from "../../bytes/hash.ts";
import { createVerifiedFiles } from "./verified-files.ts";

const BYTES = new Uint8Array(100);
const DIGEST = digestBytes(BYTES);

let place: string;
let file: string;
let fd: number;
beforeEach(() => {
  place = mkdtempSync(join(tmpdir(), "oci-kit-verified-"));
  file = join(place, "blob");
  writeFileSync(file, BYTES);
  fd = openSync(file, "r");
});
afterEach(() => {
  closeSync(fd);
  rmSync(place, { recursive: true });
});

it("a file that was just put in its place counts as verified, until somebody writes to it", async () => {
  const verified = createVerifiedFiles();
  await verified.addPlaced(DIGEST, fd);
  expect(verified.has(DIGEST, fd)).toBe(true);
  expect(verified.has(digestBytes(BYTES.subarray(1)), fd)).toBe(false);
  writeFileSync(file, BYTES);
  expect(verified.has(DIGEST, fd)).toBe(false);
});

it("a file that somebody writes to before its place is known does not count as verified", async () => {
  const verified = createVerifiedFiles();
  const added = verified.addPlaced(DIGEST, fd);
  writeFileSync(file, BYTES.subarray(1));
  await added;
  expect(verified.has(DIGEST, fd)).toBe(false);
});
