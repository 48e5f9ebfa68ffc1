// SPDX-License-Identifier: MIT
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { putText } from "../../../test/fixtures/family.ts";
import { MediaType } from "../../oci/media-types.ts";
import { buildImage } from "../../testing/build-image.ts";
import { openFreshLayout } from "./fresh-layout.ts";
import { openLayout } from "./layout.ts";

let place: string;

beforeEach(() => {
  place = mkdtempSync(join(tmpdir(), "oci-kit-fresh-"));
});
afterEach(() => {
  rmSync(place, { recursive: true, force: true });
});

function listing(): string[] {
  return readdirSync(place, { recursive: true, encoding: "utf8" }).sort();
}

describe("a layout that was opened for writing and is given up", () => {
  it("goes with every directory that was made for it, as often as it is told", async () => {
    const { discard } = await openFreshLayout(join(place, "out/images/riscv64"));
    expect(listing()).toContain("out/images/riscv64/oci-layout");
    await discard();
    await discard();
    expect(listing()).toEqual([]);
  });

  it("leaves the empty directory that it was made in", async () => {
    mkdirSync(join(place, "out"));
    const { discard } = await openFreshLayout(join(place, "out"));
    await discard();
    expect(listing()).toEqual(["out"]);
  });

  it("keeps what is beside it", async () => {
    const { discard } = await openFreshLayout(join(place, "out/riscv64"));
    writeFileSync(join(place, "out/notes"), "");
    await discard();
    expect(listing()).toEqual(["out", "out/notes"]);
  });

  it("goes with what arrived when nothing will go on from there, unless a root names something", async () => {
    const { store, discard } = await openFreshLayout(join(place, "out/images/riscv64"));
    await putText(store, MediaType.octetStream, "arrived");
    await discard({ whole: true });
    expect(listing()).toEqual([]);
    const named = await openFreshLayout(join(place, "out"));
    await buildImage(named.store, { tag: "latest" });
    await named.discard({ whole: true });
    const { capabilities } = await openLayout(join(place, "out"));
    expect(await capabilities.tags()).toEqual(["latest"]);
  });

  it("stays when content arrived, which a second attempt need not fetch again", async () => {
    const { store, discard } = await openFreshLayout(join(place, "out"));
    const blob = await putText(store, MediaType.octetStream, "arrived");
    await discard();
    expect(await (await openLayout(join(place, "out"))).exists(blob)).toBe(true);
  });

  it("stays when it was there before", async () => {
    await openLayout(join(place, "out"), { create: true });
    const { discard } = await openFreshLayout(join(place, "out"));
    await discard();
    expect(listing()).toContain("out/oci-layout");
  });
});
