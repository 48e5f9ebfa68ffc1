// SPDX-License-Identifier: MIT
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { parseLocation } from "../../image/location.ts";
import type { Session } from "../command.ts";
import {
  compressionOf,
  planCompression,
  type CompressionFlags,
  type PlannedCompression,
} from "./compression.ts";
import { keepLineRates } from "./line-rates.ts";

let directory: string;
let told: string[];
let session: Pick<Session, "warn" | "context">;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "oci-kit-compression-"));
  told = [];
  const env = { OCI_KIT_CACHE: join(directory, "cache") };
  const context = { env, signal: new AbortController().signal };
  session = {
    warn: (message) => void told.push(message),
    context: context as unknown as Session["context"],
  };
});
afterEach(() => rmSync(directory, { recursive: true }));

const REGISTRY = parseLocation("a.example/app:1");
const measured = (rate: number): void =>
  keepLineRates(session.context, new Map([["a.example", rate]]));
const plan = (flags: CompressionFlags, target = REGISTRY): PlannedCompression =>
  planCompression(flags, session, target);

describe("--compression auto", () => {
  it("takes the level for the line to the registry as it was measured", async () => {
    measured(1e15);
    const choice = await compressionOf({ compression: "auto" }, session, REGISTRY);
    expect(choice).toEqual({ compression: "zstd", level: 1 });
    expect(told).toEqual([expect.stringContaining("compression auto: zstd:1, which makes")]);
  });

  it("takes the usual level where nothing was measured yet, and says so", async () => {
    const choice = await compressionOf({ compression: "auto" }, session, REGISTRY);
    expect(choice).toEqual({ compression: "zstd", level: undefined });
    expect(told).toEqual([
      "compression auto: zstd:3; the line to a.example is measured by what is sent now",
    ]);
  });

  it("goes by the rate that is given, whatever was measured and wherever the image goes", async () => {
    measured(1);
    const flags = { compression: "auto", rate: "1000TB/s" };
    for (const target of [REGISTRY, parseLocation("oci:out")]) {
      const { level } = (await compressionOf(flags, session, target))!;
      expect(level).toBe(1);
    }
  });

  it("chooses and says nothing before a level is asked for, and then once", async () => {
    measured(1e15);
    const { wish, chosen, rate } = plan({ compression: "auto" });
    expect(rate).toBe(1e15);
    expect(chosen()).toBeUndefined();
    expect(told).toEqual([]);
    const level = wish!.level as () => Promise<number | undefined>;
    expect(await Promise.all([level(), level()])).toEqual([1, 1]);
    expect(await level()).toBe(1);
    expect(chosen()).toEqual({ compression: "zstd", level: 1 });
    expect(told).toHaveLength(1);
  });

  it.each(["oci:out:1", "oci-archive:out.tar", "docker-archive:-", "./out"])(
    "without a rate is refused for %s, which is sent over no line",
    (target) => {
      const refused = (): unknown => plan({ compression: "auto" }, parseLocation(target));
      expect(refused).toThrow(/compression auto: expected a registry as the target, got /);
      const hint = expect.stringContaining("--rate") as string;
      expect(refused).toThrow(expect.objectContaining({ hint }));
    },
  );
});

describe("--rate", () => {
  it.each([undefined, "zstd", "none"])("is refused with --compression %s", (compression) => {
    expect(() => plan({ compression, rate: "1MB/s" })).toThrow(
      /--rate: expected --compression auto with it/,
    );
  });
});
