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

describe("discarding a layout that was opened for writing", () => {
  it("removes it with every directory that was made for it, and can be repeated", async () => {
    const { discard } = await openFreshLayout(join(place, "out/images/riscv64"));
    expect(listing()).toContain("out/images/riscv64/oci-layout");
    await discard();
    await discard();
    expect(listing()).toEqual([]);
  });

  it("leaves the empty directory in which it was made", async () => {
    mkdirSync(join(place, "out"));
    const { discard } = await openFreshLayout(join(place, "out"));
    await discard();
    expect(listing()).toEqual(["out"]);
  });

  it("keeps the files beside it", async () => {
    const { discard } = await openFreshLayout(join(place, "out/riscv64"));
    writeFileSync(join(place, "out/notes"), "");
    await discard();
    expect(listing()).toEqual(["out", "out/notes"]);
  });

  it("removes content that arrived when `whole` is set, unless a root was added", async () => {
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

  it("keeps it when content has arrived, so that a second attempt need not fetch it again", async () => {
    const { store, discard } = await openFreshLayout(join(place, "out"));
    const blob = await putText(store, MediaType.octetStream, "arrived");
    await discard();
    expect(await (await openLayout(join(place, "out"))).exists(blob)).toBe(true);
  });

  it("keeps a layout that existed before", async () => {
    await openLayout(join(place, "out"), { create: true });
    const { discard } = await openFreshLayout(join(place, "out"));
    await discard();
    expect(listing()).toContain("out/oci-layout");
  });
});
