// SPDX-License-Identifier: MIT
import { expect, it } from "vitest";
import type { ByteString } from "../bytes/byte-string.ts";
import { nameOf, parentOf } from "./path-parts.ts";

it.each([
  ["/", "/", ""],
  ["/a", "/", "a"],
  ["/a/b", "/a", "b"],
  ["/a/b/\xff", "/a/b", "\xff"],
])("%j is in %j, and named %j there", (path, parent, name) => {
  expect(parentOf(path as ByteString)).toBe(parent);
  expect(nameOf(path as ByteString)).toBe(name);
});
