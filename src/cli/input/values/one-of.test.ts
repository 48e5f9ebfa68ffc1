// SPDX-License-Identifier: MIT
import { describe, expect, it } from "vitest";
import { parseCompression } from "../../../bytes/level/compression-choice.ts";
import { parseGateName } from "../../../publish/gates.ts";
import { planCompression } from "../compression.ts";
import type { Session } from "../../command.ts";
import { parseLimits } from "./limits.ts";
import { oneOf } from "./one-of.ts";

const session = {} as Session;
const to = { kind: "path", path: "." } as const;
const compress = (compression: string): unknown => planCompression({ compression }, session, to);

describe("a misspelt word of a few that are known", () => {
  it.each<[what: string, parse: () => unknown, listed: string, hint: string | undefined]>([
    ["a compression", () => compress("zst"), "gzip, zstd, none or auto", "Did you mean zstd?"],
    [
      "one with a level",
      () => compress("zst:3"),
      "gzip, zstd, none or auto",
      "Did you mean zstd:3?",
    ],
    ["one in capitals", () => compress("GZIP"), "gzip, zstd, none or auto", "Did you mean gzip?"],
    [
      "none with a level",
      () => compress("none:3"),
      "gzip, zstd, none or auto",
      "Did you mean none?",
    ],
    ["auto", () => compress("uato"), "gzip, zstd, none or auto", "Did you mean auto?"],
    ["another kind", () => compress("lzma"), "gzip, zstd, none or auto", undefined],
    ["one of a recipe", () => parseCompression("zst"), "gzip, zstd or none", "Did you mean zstd?"],
    [
      "a field",
      () => oneOf("--ignore", "mtme", ["mode", "mtime"]),
      "mode, mtime",
      "Did you mean mtime?",
    ],
    ["a limit", () => parseLimits(["holeByte=1"]), "documentBytes, ", "Did you mean holeBytes?"],
  ])("is refused with all of them, and the one that was meant: %s", (_, parse, listed, hint) => {
    let error: unknown;
    try {
      parse();
    } catch (caught) {
      error = caught;
    }
    expect(error).toMatchObject({ code: "invalid-argument", hint });
    expect((error as Error).message).toContain(listed);
  });

  it("is refused with the gate that was meant", () => {
    expect(() => parseGateName("stale-inputs")).toThrow(
      expect.objectContaining({
        hint: expect.stringMatching(/^Did you mean stale-input\? Name the one/) as string,
      }),
    );
  });
});
