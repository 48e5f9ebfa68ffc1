// SPDX-License-Identifier: MIT
import * as fs from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { setTime } from "./set-time.ts";

let base: string;
let path: string;
let fd: number;

beforeAll(() => {
  base = fs.mkdtempSync(join(tmpdir(), "set-time-"));
  path = join(base, "file");
  fd = fs.openSync(path, "w");
});

afterAll(() => {
  fs.closeSync(fd);
  fs.rmSync(base, { recursive: true, force: true });
});

/** The difference in nanoseconds between the time that was set and the one asked for. */
function errorOf(seconds: number, nanoseconds: number): number {
  setTime({ path, fd }, seconds, nanoseconds);
  const wanted = BigInt(seconds) * 1_000_000_000n + BigInt(nanoseconds);
  return Number(fs.lstatSync(path, { bigint: true }).mtimeNs - wanted);
}

describe("the time of an inode", () => {
  it.each([
    ["1970", 0],
    ["the last second before", -1],
    ["now", 1_790_000_000],
    ["1938", -1_000_000_000],
    ["2106 and later", 2 ** 32 + 5],
    ["the first second of a signed 32-bit time", -(2 ** 31)],
  ])("is exact for whole seconds: %s", (_, seconds) => {
    expect(errorOf(seconds, 0)).toBe(0);
  });

  it("is as close as Node can set it, before and after 1970, and never the current time", () => {
    const seconds = fc.integer({ min: -(2 ** 31) + 1, max: 2 ** 31 });
    fc.assert(
      fc.property(seconds, fc.integer({ min: 0, max: 999_999_999 }), (whole, nanoseconds) => {
        expect(Math.abs(errorOf(whole, nanoseconds))).toBeLessThanOrEqual(501);
      }),
    );
  });

  it("differs by a few hundred nanoseconds at most for whole microseconds of this century", () => {
    fc.assert(
      fc.property(fc.nat(4e9), fc.nat(999_999), (seconds, microseconds) => {
        expect(Math.abs(errorOf(seconds, microseconds * 1000))).toBeLessThanOrEqual(240);
      }),
    );
  });

  it("is the nearest one that the disk supports when it ends before the year 9999", () => {
    const error = errorOf(253_402_300_799, 0);
    expect(error).toBeLessThanOrEqual(0);
    const year = fs.lstatSync(path).mtime.getUTCFullYear();
    expect(year).toBeGreaterThan(2037);
    expect(() => errorOf(-(2 ** 40), 0)).not.toThrow();
    expect(() => errorOf(2 ** 53 - 1, 999_999_999)).not.toThrow();
  });

  it("is set on a link itself, not on its target", () => {
    const link = join(base, "link");
    fs.symlinkSync("file", link);
    errorOf(1000, 0);
    setTime({ path: link }, -5, 0);
    expect(fs.lstatSync(link).mtimeMs).toBe(-5000);
    expect(fs.statSync(link).mtimeMs).toBe(1_000_000);
  });

  it("causes an error that names the path when it cannot be set", () => {
    expect(() => {
      setTime({ path: join(base, "no") }, 1, 0);
    }).toThrow(
      expect.objectContaining({
        code: "unwritable",
        message: expect.stringContaining("no: its time") as string,
      }),
    );
  });
});
