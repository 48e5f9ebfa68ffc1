// SPDX-License-Identifier: MIT
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { expect, it } from "vitest";
import type { ByteString } from "../../bytes/byte-string.ts";
import { createFindings } from "../../rootfs/compare/compare-trees.ts";
import { makeNode, makeTree } from "../../../test/fixtures/trees.ts";
import { createContentCheck } from "./content-check.ts";

setFlagsFromString("--expose-gc");
const collectGarbage = runInNewContext("gc") as () => void;

const tree = makeTree({});
const nothing = { ...tree, open: (): number => expect.unreachable("an empty file was opened") };

it("a file with one name is forgotten once it was compared, so that memory does not grow with their number", async () => {
  const check = createContentCheck(tree, nothing, createFindings());
  const seen: WeakRef<object>[] = [];
  for (let at = 0; at < 100; at += 1) {
    const there = makeNode({ type: "file", linkCount: 1 });
    check.add(`/${at}` as ByteString, makeNode({ type: "file" }), there);
    seen.push(new WeakRef(there));
  }
  await new Promise((resolve) => setTimeout(resolve));
  collectGarbage();
  expect(seen.filter((node) => node.deref() !== undefined).length).toBeLessThan(10);
  expect(check.contents).toBe(100);
  await check.close();
});

it("a file with several names is read once for each file that it should be", async () => {
  const check = createContentCheck(tree, nothing, createFindings());
  const there = makeNode({ type: "file", linkCount: 2 });
  const expected = makeNode({ type: "file", linkCount: 2 });
  check.add("/one" as ByteString, expected, there);
  check.add("/two" as ByteString, expected, there);
  expect(check.contents).toBe(1);
  check.add("/three" as ByteString, makeNode({ type: "file" }), there);
  expect(check.contents).toBe(2);
  await check.close();
});
