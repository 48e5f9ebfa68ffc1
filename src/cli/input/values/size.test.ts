// SPDX-License-Identifier: MIT
import { expect, it } from "vitest";
import { parseSize } from "./size.ts";

it("a size is a number with a unit, of 1000, or of 1024 where it says so", () => {
  const sizes = {
    "0": 0,
    "12": 12,
    "7B": 7,
    "1kB": 1e3,
    "1.5MB": 1.5e6,
    "20GB": 20e9,
    "1TB": 1e12,
    "1KiB": 1024,
    "1.5GiB": 1.5 * 2 ** 30,
  };
  for (const [text, bytes] of Object.entries(sizes))
    expect(parseSize("--max-size", text)).toBe(bytes);
});

it.each(["", "-1", "1 GB", "GB", "1e3", "1XB", "1iB", "1kiB", "1Mi", "99999TB", "1.2345GB"])(
  "%j is refused as a size",
  (text) => {
    expect(() => parseSize("--max-size", text)).toThrow(
      expect.objectContaining({
        code: "invalid-argument",
        message: expect.stringContaining("--max-size: expected a size as 500MB") as string,
      }),
    );
  },
);
