// SPDX-License-Identifier: MIT
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Session } from "../command.ts";
import { compressionOf, type KnownLine } from "./compression.ts";
import { keepLineRate, lineRate } from "./line-rates.ts";

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
    keepLineRate(context, "a.example", 4_500_000.4);
    keepLineRate(context, "b.example:5000", 1);
    keepLineRate(context, "a.example", 900_000);
    expect(lineRate(context, "a.example")).toBe(900_000);
    expect(lineRate(context, "b.example:5000")).toBe(1);
  });

  it("is unknown where what is kept is damaged, and is kept again", () => {
    keepLineRate(context, "a.example", 5);
    for (const text of ["", "null", "[]", '{"a.example":"x"}', '{"a.example":-1}', "{"]) {
      writeFileSync(join(directory, "cache/line-rates.json"), text);
      expect(lineRate(context, "a.example")).toBeUndefined();
    }
    keepLineRate(context, "a.example", 6);
    expect(lineRate(context, "a.example")).toBe(6);
  });

  it("that can't be kept is no failure", () => {
    writeFileSync(join(directory, "file"), "");
    const env = { OCI_KIT_CACHE: join(directory, "file") };
    keepLineRate({ env }, "a.example", 5);
    expect(lineRate({ env }, "a.example")).toBeUndefined();
  });
});

describe("--compression auto without --rate", () => {
  async function chosen(line: KnownLine | undefined): Promise<readonly [unknown, string]> {
    const told: string[] = [];
    const session = { warn: (message: string) => told.push(message), context };
    const choice = await compressionOf(
      { compression: "auto" },
      session as unknown as Pick<Session, "warn" | "context">,
      line,
    );
    return [choice, told.join()];
  }

  it("takes the level for the line as it was measured", async () => {
    const [choice, told] = await chosen({ registry: "a.example", rate: 1e15 });
    expect(choice).toEqual({ compression: "zstd", level: 1 });
    expect(told).toContain("--compression auto: zstd:1");
  });

  it("takes the usual level where nothing was measured yet, and says so", async () => {
    const [choice, told] = await chosen({ registry: "a.example", rate: undefined });
    expect(choice).toEqual({ compression: "zstd", level: undefined });
    expect(told).toBe(
      "--compression auto: zstd:3; the line to a.example is measured by what is sent now",
    );
  });

  it("is refused where nothing is sent over a line", async () => {
    await expect(chosen(undefined)).rejects.toThrow(/expected auto together with --rate/);
  });
});
