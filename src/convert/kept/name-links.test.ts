// SPDX-License-Identifier: MIT
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openNames, type Names } from "./name-links.ts";

const KEY = `sha256-${"ab".repeat(32)}`;
const OTHER = `sha256-${"cd".repeat(32)}-0123456789abcdef`;

let store: string;
let names: Names;

beforeEach(() => {
  store = mkdtempSync(join(tmpdir(), "oci-kit-names-"));
  names = openNames(join(store, "names"), join(store, "conversions"));
});
afterEach(() => rmSync(store, { recursive: true }));

describe("names of conversions", () => {
  it("are relative links that ls can follow", () => {
    names.point("registry.example:5000/a/b:tag", KEY);
    expect(readlinkSync(join(store, "names/registry.example:5000%2fa%2fb:tag"))).toBe(
      `../conversions/${KEY}`,
    );
    expect(names.read("registry.example:5000/a/b:tag")).toBe(KEY);
    expect(names.read("registry.example:5000/a/b")).toBeUndefined();
  });

  it("move in one step, leave nothing else in the directory, and can be removed", () => {
    names.point("a", KEY);
    names.point("a", OTHER);
    expect(names.list()).toEqual([{ name: "a", key: OTHER }]);
    expect(readdirSync(join(store, "names"))).toEqual(["a"]);
    expect(names.remove("a")).toBe(true);
    expect(names.remove("a")).toBe(false);
    expect(names.list()).toEqual([]);
  });

  it("are listed together with entries that are not names of ours", () => {
    names.point("good", KEY);
    const at = (file: string): string => join(store, "names", file);
    writeFileSync(at("file"), "");
    mkdirSync(at("directory"));
    symlinkSync(`../conversions/${KEY}`, at("Not-Encoded"));
    for (const [file, target] of [
      ["absolute", `/conversions/${KEY}`],
      ["outside", `../../conversions/${KEY}`],
      ["deeper", `../conversions/${KEY}/rootfs`],
      ["other", "../conversions/lost+found"],
      ["empty-key", "../conversions/"],
    ] as const) {
      symlinkSync(target, at(file));
    }
    const listed = names.list();
    expect(listed.filter(({ key }) => key !== undefined)).toEqual([{ name: "good", key: KEY }]);
    const problem: unknown = expect.objectContaining({ code: "invalid-layout" });
    const wrong = ["Not-Encoded", "absolute", "deeper", "directory", "empty-key", "file"];
    expect(listed.filter(({ key }) => key === undefined)).toEqual(
      [...wrong, "other", "outside"].map((name) => ({ name, problem })),
    );
  });

  it("do not replace anything else", () => {
    mkdirSync(join(store, "names"));
    writeFileSync(join(store, "names/file"), "mine");
    symlinkSync("/etc", join(store, "names/link"));
    for (const act of [
      () => names.point("file", KEY),
      () => names.remove("file"),
      () => names.read("file"),
      () => names.read("link"),
    ]) {
      expect(act).toThrow(expect.objectContaining({ code: "invalid-layout" }));
    }
  });

  it("are not taken for absent if they can't be read", () => {
    writeFileSync(join(store, "names"), "");
    expect(() => names.list()).toThrow(expect.objectContaining({ code: "unreadable" }));
    expect(() => names.read("a")).toThrow(expect.objectContaining({ code: "unreadable" }));
    rmSync(join(store, "names"));
    expect(() => names.list()).toThrow(expect.objectContaining({ code: "not-found" }));
  });

  it("are cleaned of what killed processes left", () => {
    names.point("a", KEY);
    symlinkSync("x", join(store, "names", ".new.0123456789ab.1.1.0123456789abcdef"));
    expect(names.list()).toHaveLength(1);
    names.sweep();
    expect(readdirSync(join(store, "names"))).toHaveLength(2); // another host's link is kept while it is recent
  });
});
