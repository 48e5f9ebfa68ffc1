// SPDX-License-Identifier: MIT
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { keepLineRates, lineRate } from "./line-rates.ts";

let directory: string;
let context: { readonly env: Readonly<Record<string, string>> };

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "oci-kit-rates-"));
  context = { env: { OCI_KIT_CACHE: join(directory, "cache") } };
});
afterEach(() => rmSync(directory, { recursive: true }));

describe("the rate of the line to a registry", () => {
  it("is what was measured last, for each registry", () => {
    expect(lineRate(context, "a.example")).toBeUndefined();
    keepLineRates(
      context,
      new Map([
        ["a.example", 4_500_000.4],
        ["b.example:5000", 1],
      ]),
    );
    keepLineRates(context, new Map([["a.example", 900_000]]));
    expect(lineRate(context, "a.example")).toBe(900_000);
    expect(lineRate(context, "b.example:5000")).toBe(1);
  });

  it("is unknown where what is kept is damaged, and is kept again", () => {
    keepLineRates(context, new Map([["a.example", 5]]));
    for (const text of ["", "null", "[]", '{"a.example":"x"}', '{"a.example":-1}', "{"]) {
      writeFileSync(join(directory, "cache/line-rates.json"), text);
      expect(lineRate(context, "a.example")).toBeUndefined();
    }
    keepLineRates(context, new Map([["a.example", 6]]));
    expect(lineRate(context, "a.example")).toBe(6);
  });

  it("that can't be kept is no failure", () => {
    writeFileSync(join(directory, "file"), "");
    const env = { OCI_KIT_CACHE: join(directory, "file") };
    keepLineRates({ env }, new Map([["a.example", 5]]));
    expect(lineRate({ env }, "a.example")).toBeUndefined();
  });
});
