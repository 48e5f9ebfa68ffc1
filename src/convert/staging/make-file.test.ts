// SPDX-License-Identifier: MIT
import * as fs from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createFileMaker } from "./make-file.ts";

let directory: string;
let umask: number;

beforeEach(() => {
  directory = fs.mkdtempSync(join(tmpdir(), "oci-kit-make-file-"));
  umask = process.umask(0o022);
});
afterEach(() => {
  process.umask(umask);
  fs.rmSync(directory, { recursive: true });
});

/** Makes two files of each mode and returns the mode reported for the second and the mode it really has. */
function makeTwo(modes: readonly number[]): unknown[] {
  const make = createFileMaker();
  return modes.map((wanted) => {
    const [, second] = [1, 2].map((number) => {
      const path = join(directory, `${wanted.toString(8)}-${number}`);
      const { fd, mode } = make(path, wanted);
      fs.writeSync(fd, "x");
      fs.closeSync(fd);
      return [mode, fs.statSync(path).mode & 0o7777];
    });
    return second;
  });
}

describe("a new file", () => {
  it("gets its mode directly if the umask allows it, and reports it", () => {
    expect(makeTwo([0o644, 0o755, 0o600])).toEqual([
      [0o644, 0o644],
      [0o755, 0o755],
      [0o600, 0o600],
    ]);
    process.umask(0);
    expect(makeTwo([0o666, 0o777])).toEqual([
      [0o666, 0o666],
      [0o777, 0o777],
    ]);
  });

  it("is only for its owner and reports no mode if the umask forbids the mode", () => {
    process.umask(0o027);
    expect(makeTwo([0o644, 0o640])).toEqual([
      [undefined, 0o600],
      [0o640, 0o640],
    ]);
  });

  it("is only for its owner if the mode has more than permission bits, or gives the owner too few", () => {
    const more = [0o4755, 0o2755, 0o1644, 0o444, 0o200, 0];
    expect(makeTwo(more)).toEqual(more.map(() => [undefined, 0o600]));
  });

  it("never replaces an existing file or follows a link", () => {
    const make = createFileMaker();
    fs.symlinkSync("elsewhere", join(directory, "link"));
    for (const mode of [0o644, 0o444]) {
      expect(() => make(join(directory, "link"), mode)).toThrow("EEXIST");
    }
    expect(fs.readdirSync(directory)).toEqual(["link"]);
  });
});
