// SPDX-License-Identifier: MIT
import { expect, it } from "vitest";
import { verifyFamily } from "../../../test/fixtures/family-image.ts";

it("the whole image of a family, with all its policies, has no findings", async () => {
  const { findings, ok } = await verifyFamily();
  expect(findings).toEqual([]);
  expect(ok).toBe(true);
});
