// SPDX-License-Identifier: MIT
import * as fs from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { b } from "../../../test/fixtures/layers.ts";
import { openDirectory } from "../directory.ts";
import { createXattrReader } from "./xattr-reader.ts";
import type { Xattrs } from "./xattr-command.ts";

let base: string;

beforeEach(() => {
  base = fs.mkdtempSync(join(tmpdir(), "xattr-reader-"));
});
afterEach(() => fs.rmSync(base, { recursive: true, force: true }));

const SOME: Xattrs = new Map([[b("user.a"), b("1")]]);
const PATH = b("/x");
const noCalls = (): never => {
  throw new Error("Cannot find native binding.");
};

describe("the extended attributes that a reader gives", () => {
  it("come from one dump of the whole directory where there are no calls", () => {
    const roots: unknown[] = [];
    const read = createXattrReader("test", () => "/root", {
      loadXattrs: noCalls,
      dumpXattrs(root) {
        roots.push(root);
        return { of: () => SOME };
      },
    });
    expect([read(PATH, "/root/x"), read(b("/y"), "/root/y")]).toEqual([SOME, SOME]);
    expect(roots).toEqual(["/root"]);
  });

  it("are assumed ones where nothing can read them, or an error", () => {
    const options = { loadXattrs: noCalls, dumpXattrs: () => undefined };
    const read = createXattrReader("test", () => "/root", {
      ...options,
      assumeXattrs: () => SOME,
    });
    expect(read(PATH, "/root/x")).toBe(SOME);
    const strict = createXattrReader("test", () => "/root", options);
    expect(() => strict(PATH, "/root/x")).toThrow(
      expect.objectContaining({ code: "unsupported-operation" }),
    );
  });

  it("are an error for a file that was removed meanwhile, with or without the widen option", () => {
    fs.writeFileSync(join(base, "x"), "");
    for (const widen of [false, true]) {
      const root = openDirectory(base, { widen });
      const node = root.lstat(PATH);
      fs.renameSync(join(base, "x"), join(base, "y"));
      expect(() => node?.xattrs).toThrow(expect.objectContaining({ code: "unreadable" }));
      fs.renameSync(join(base, "y"), join(base, "x"));
      root.close();
    }
  });
});
