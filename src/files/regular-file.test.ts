// SPDX-License-Identifier: MIT
import assert from "node:assert/strict";
import {
  closeSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { blob, collect } from "../testing/store-contract/store-content.ts";
import { fileSource, openRegularFile, readFileBytes } from "./regular-file.ts";

const { bytes } = blob(1_500_000);
let directory: string;
let file: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "oci-kit-file-"));
  file = join(directory, "file");
  writeFileSync(file, bytes);
});
afterEach(() => rm(directory, { recursive: true }));

describe("reading a file", () => {
  it("yields all of it each time its source is opened", async () => {
    const source = fileSource(file);
    assert.deepEqual(await collect(source.open()), bytes);
    assert.deepEqual(await collect(source.open()), bytes);
  });
  it("yields a part of it", async () => {
    const part = (offset: number, length?: number): Promise<Uint8Array> =>
      collect(readFileBytes(file, { offset, length }));
    assert.deepEqual(await part(10, 300_000), bytes.slice(10, 300_010));
    expect(await part(1_499_990)).toEqual(bytes.slice(1_499_990));
    expect(await part(1_499_990, 100)).toEqual(bytes.slice(1_499_990));
    expect(await part(2_000_000)).toEqual(new Uint8Array());
    expect(await part(5, 0)).toEqual(new Uint8Array());
  });
  it("neither moves nor closes a given descriptor", async () => {
    const fd = openSync(file, "r");
    await collect(readFileBytes(fd, { offset: 100 }));
    const first = new Uint8Array(4);
    readSync(fd, first);
    expect(first).toEqual(bytes.slice(0, 4));
    closeSync(fd);
  });
  it("lets other tasks have their turn", async () => {
    let turns = 0;
    const timer = setInterval(() => (turns += 1), 0);
    for (let round = 0; round < 20; round += 1) await collect(readFileBytes(file));
    clearInterval(timer);
    expect(turns).toBeGreaterThan(0);
  });
  it("reads a file that reports a size of 0, as in /proc", async () => {
    writeFileSync(file, "");
    expect(await collect(readFileBytes(file))).toEqual(new Uint8Array());
    const copy = await collect(readFileBytes("/dev/null"));
    expect(copy).toEqual(new Uint8Array());
  });
  it("stops when aborted", async () => {
    const reading = collect(readFileBytes(file, { signal: AbortSignal.abort() }));
    await expect(reading).rejects.toMatchObject({ code: "aborted" });
  });
  it("distinguishes a missing file from an unreadable one", async () => {
    await expect(collect(readFileBytes(join(directory, "no")))).rejects.toMatchObject({
      code: "not-found",
      message: expect.stringContaining(JSON.stringify(join(directory, "no"))) as string,
    });
    await expect(collect(readFileBytes(directory))).rejects.toMatchObject({ code: "unreadable" });
  });
  it("refuses anything but a regular file where one is required", () => {
    symlinkSync(file, join(directory, "link"));
    mkdirSync(join(directory, "dir"));
    for (const name of ["link", "dir"]) {
      expect(() => openRegularFile(join(directory, name), "invalid-layout")).toThrow(
        expect.objectContaining({ code: "invalid-layout" }),
      );
    }
    const { fd, stats } = openRegularFile(file, "invalid-layout");
    closeSync(fd);
    expect(stats.size).toBe(bytes.length);
  });
});
