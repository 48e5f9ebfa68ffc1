// SPDX-License-Identifier: MIT
import { describe, expect, it } from "vitest";
import { digestBytes } from "../bytes/hash.ts";
import { OciError } from "../oci/errors.ts";
import { MediaType } from "../oci/media-types.ts";
import { parsePlatform } from "../oci/platform.ts";
import { evaluateGates, refusal } from "./gates.ts";
import type { ChildFacts, PlatformClaim } from "./gates/gate.ts";
import type { Origin } from "./records/origin.ts";
import type { Recorded } from "./records/provenance.ts";
import type { Published } from "./published-index.ts";

const run = (value: string): Recorded => ({ state: "recorded", value, by: "label" });
const ABSENT: Published = { state: "absent" };

function child(platform: string, change: Partial<ChildFacts> = {}): ChildFacts {
  return {
    name: `out/${platform}`,
    digest: digestBytes(new TextEncoder().encode(platform)),
    platform: parsePlatform(platform),
    claims: [],
    origin: origin(),
    config: {},
    inputsNow: undefined,
    ...change,
  };
}

function origin(change: Partial<Origin> = {}): Origin {
  const parentStage = { state: "absent" } as const;
  return { runId: run("1"), parentStage, created: undefined, inputs: new Map(), ...change };
}

const ofRun = (runId: Recorded): Partial<ChildFacts> => ({ origin: origin({ runId }) });

function claim(by: PlatformClaim["by"], platform: string): PlatformClaim {
  return { by, platform: parsePlatform(platform) };
}

function published(...platforms: string[]): Published {
  const images = platforms.map((platform) => {
    const { digest } = child(platform);
    return { mediaType: MediaType.manifest, digest, size: 1, platform: parsePlatform(platform) };
  });
  const descriptor = { ...images[0]!, mediaType: MediaType.index };
  return { state: "present", descriptor, document: undefined, images, origins: [], history: [] };
}

function evaluate(
  children: readonly ChildFacts[],
  now: Published = ABSENT,
  architectures?: readonly string[],
) {
  return evaluateGates({ children, published: now, architectures });
}

describe("evaluateGates", () => {
  it("finds nothing against a complete and coherent family", () => {
    const children = [child("amd64"), child("linux/arm64/v8"), child("riscv64")];
    const now = published("amd64", "arm64");
    expect(evaluate(children, now, ["amd64", "arm64", "riscv64"])).toEqual([]);
  });

  it("missing-architecture: no image is for an architecture that the configuration lists", () => {
    expect(evaluate([child("amd64")], ABSENT, ["amd64", "arm64", "riscv64"])).toMatchObject([
      { gate: "missing-architecture", architecture: "arm64" },
      { gate: "missing-architecture", architecture: "riscv64" },
    ]);
  });

  it("missing-architecture: an image of another variant does not count", () => {
    expect(evaluate([child("linux/arm/v6")], ABSENT, ["linux/arm/v7"])).toHaveLength(1);
  });

  it("dropped-platform: a run for one architecture may not replace an index of three", () => {
    const findings = evaluate([child("riscv64")], published("amd64", "arm64", "riscv64"));
    expect(findings).toMatchObject([
      { gate: "dropped-platform", platform: "linux/amd64" },
      { gate: "dropped-platform", platform: "linux/arm64" },
    ]);
  });

  it("dropped-platform: another platform does not make up for a dropped one", () => {
    expect(evaluate([child("riscv64")], published("amd64"))).toMatchObject([
      { gate: "dropped-platform", platform: "linux/amd64" },
    ]);
  });

  it("dropped-platform: an image for a newer Windows may replace one for an older", () => {
    const now = published("windows(10.0.1)/amd64");
    expect(evaluate([child("windows(10.0.2)/amd64")], now)).toEqual([]);
  });

  it("published-unreadable: what can't be read does not count as absent", () => {
    const error = new OciError("unreachable", "no route\u001b[2J to host");
    const findings = evaluate([child("amd64")], { state: "unreadable", error });
    expect(findings).toMatchObject([
      { gate: "published-unreadable", message: expect.stringContaining("no route") as string },
    ]);
    expect(findings[0]?.message).not.toContain("\u001b");
  });

  it("duplicate-platform: two images are for one platform", () => {
    const children = [child("arm64"), child("linux/arm64/v8", { name: "other" }), child("amd64")];
    expect(evaluate(children)).toMatchObject([
      { gate: "duplicate-platform", platform: "linux/arm64", children: ["out/arm64", "other"] },
    ]);
  });

  it("wrong-platform: the configuration has another architecture than directory, tag or index claim", () => {
    for (const by of ["directory", "tag", "index"] as const) {
      const wrong = child("amd64", { claims: [claim(by, "riscv64"), claim("tag", "amd64")] });
      expect(evaluate([wrong])).toMatchObject([
        {
          gate: "wrong-platform",
          claimed: "linux/riscv64",
          configured: "linux/amd64",
          message: expect.stringContaining(`by its ${by}`) as string,
        },
      ]);
    }
  });

  it("wrong-platform: a Windows bundle must never join as Linux, nor v6 as v7", () => {
    const windows = child("windows/amd64", { claims: [claim("directory", "amd64")] });
    const v6 = child("linux/arm/v6", { claims: [claim("index", "linux/arm/v7")] });
    expect(evaluate([windows, v6])).toHaveLength(2);
  });

  it("mixed-generations: two runs, and some with a run and some without", () => {
    const two = [child("amd64"), child("arm64", ofRun(run("2")))];
    expect(evaluate(two)).toMatchObject([
      {
        gate: "mixed-generations",
        generations: [
          { runId: "1", children: ["out/amd64"] },
          { runId: "2", children: ["out/arm64"] },
        ],
      },
    ]);
    const some = [child("amd64"), child("arm64", ofRun({ state: "absent" }))];
    expect(evaluate(some)).toMatchObject([{ gate: "mixed-generations" }]);
    expect(evaluate(some)[0]?.message).toContain("no run recorded: out/arm64");
  });

  it("mixed-generations: images of which none records a run pass", () => {
    const none = ["amd64", "arm64"].map((arch) => child(arch, ofRun({ state: "absent" })));
    expect(evaluate(none)).toEqual([]);
  });

  it("unreadable-generation: an unreadable run does not count as absent", () => {
    const unreadable = child("amd64", ofRun({ state: "unreadable", reason: "two say two" }));
    expect(evaluate([unreadable])).toMatchObject([
      { gate: "unreadable-generation", child: "out/amd64" },
    ]);
  });

  it("reports everything that is wrong, not only the first", () => {
    const children = [child("amd64"), child("amd64", { name: "b", ...ofRun(run("2")) })];
    const gates = evaluate(children, published("arm64"), ["amd64", "riscv64"]);
    expect(gates.map((finding) => finding.gate)).toEqual([
      "missing-architecture",
      "dropped-platform",
      "duplicate-platform",
      "mixed-generations",
    ]);
  });
});

describe("refusal", () => {
  it("has one line and one detail for each finding", () => {
    const findings = evaluate([child("riscv64")], published("amd64", "arm64"));
    const error = refusal("localhost:5000/a:latest", findings);
    expect(error.code).toBe("gate-refused");
    expect(error.details["findings"]).toBe(findings);
    expect(error.message.split("\n")).toHaveLength(3);
    expect(error.message).toContain("\n  dropped-platform: linux/amd64 would be dropped");
    expect(error.hint).toContain("--force");
  });

  it("has the code unreadable when something could not be found out, and nothing is known to be wrong", () => {
    const cause = new OciError("unreachable", "no route to host");
    const unreadable: Published = { state: "unreadable", error: cause };
    const untold = evaluate([child("amd64")], unreadable);
    expect(refusal("x", untold, cause)).toMatchObject({ code: "unreadable", cause });
    const both = evaluate([child("amd64")], unreadable, ["riscv64"]);
    expect(refusal("x", both, cause).code).toBe("gate-refused");
  });
});
