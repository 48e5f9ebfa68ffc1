// SPDX-License-Identifier: MIT
import { expect, it } from "vitest";
import { parseUrl } from "./url.ts";

it("a malformed URL beyond ASCII is absent, however often it comes", () => {
  const base = new URL("https://registry.example/v2/a/");
  let parsed = 0;
  for (let at = 0; at < 50_000; at++) {
    if (parseUrl("//\u00df\u0086", base) !== undefined) parsed += 1;
  }
  expect(parsed).toBe(0);
});
