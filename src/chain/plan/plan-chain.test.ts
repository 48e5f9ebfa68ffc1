// SPDX-License-Identifier: MIT
import { describe, expect, it } from "vitest";
import { chainGraph } from "../../../test/fixtures/published-chain.ts";
import type { Digest } from "../../oci/digest.ts";
import type { ChainImage } from "../images/chain-image.ts";
import type { ChainReading } from "../verify-chain.ts";
import { type InputVerdict, planChain } from "./plan-chain.ts";

const graph = chainGraph("localhost:5000/family");
const PRESENT: ChainImage = {
  state: "present",
  digest: `sha256:${"0".repeat(64)}` as Digest,
  ...{ images: [], annotations: {}, config: undefined, savedFrom: undefined },
};

/** Everything is there but these units. */
function without(...absent: readonly string[]): ChainReading {
  const images = new Map(
    graph.units.map(({ id }): [string, ChainImage] => [
      id,
      absent.includes(id) ? { state: "absent" } : PRESENT,
    ]),
  );
  return { source: "here", units: graph.units, images, links: [], layouts: [] };
}

/** The images that are made, with the same verdict of all that are there but these. */
function made(reading: ChainReading, others: Readonly<Record<string, InputVerdict>>): string[] {
  const verdicts = new Map<string, InputVerdict>();
  for (const { id, kind } of graph.units) {
    if (kind !== "index" && reading.images.get(id)?.state === "present") {
      verdicts.set(id, others[id] ?? { state: "same" });
    }
  }
  const { units } = planChain(reading, verdicts);
  return units.flatMap(({ unit, action }) => (action === "build" ? [unit.id] : []));
}

const NAMED: InputVerdict = { state: "named-run" };

describe("a plan where one image of an index is not there", () => {
  const reading = without("package-arm64");

  it("keeps the others, which a run keeps", () => {
    expect(made(reading, {}).filter((id) => id.startsWith("package"))).toEqual(["package-arm64"]);
  });

  it("makes those anew that a named run assembled: they can't be of the generation of this one", () => {
    const others = { "package-amd64": NAMED, "package-riscv64": NAMED };
    expect(made(reading, others).filter((id) => id.startsWith("package"))).toEqual([
      ...["package-amd64", "package-arm64", "package-riscv64"],
    ]);
  });
});

describe("a plan of an image that only gets its tag again", () => {
  it("keeps what is made from it", () => {
    const moved: InputVerdict = { state: "moved", reason: "it only gets its tag" };
    expect(made(without(), { base: moved })).toEqual(["base"]);
  });
});
