// SPDX-License-Identifier: MIT
import { describe, expect, it } from "vitest";
import { fromText } from "../../bytes/byte-string.ts";
import { makeImpliedDirectory } from "../blank-node.ts";
import { entriesOf } from "./node-entries.ts";

const directory = makeImpliedDirectory();
const summary = (entries: ReturnType<typeof entriesOf>): unknown =>
  entries.map(({ type, path, linkTarget }) => [type, path, linkTarget]);

describe("the tar entries of a node", () => {
  it("name the root ./ as tars of a directory do", () => {
    expect(summary(entriesOf(directory, [fromText("/")]))).toEqual([["directory", "./", ""]]);
  });

  it("name a directory with a slash at the end", () => {
    expect(summary(entriesOf(directory, [fromText("/a/b")]))).toEqual([["directory", "a/b/", ""]]);
  });

  it("are hard links at every path except the first", () => {
    const node = { ...directory, type: "file" as const, size: 3, uid: 7 };
    const entries = entriesOf(node, [fromText("/a"), fromText("/b/c")]);
    expect(summary(entries)).toEqual([
      ["file", "a", ""],
      ["hardlink", "b/c", "a"],
    ]);
    expect(entries.map(({ size, uid }) => [size, uid])).toEqual([
      [3, 7],
      [0, 7],
    ]);
  });
});
