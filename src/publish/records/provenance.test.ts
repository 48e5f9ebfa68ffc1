// SPDX-License-Identifier: MIT
import { AnnotationKey } from "../../oci/annotations.ts";
import { describe, expect, it } from "vitest";
import { type ImageParts, putImage } from "../../../test/fixtures/family.ts";
import { readImage } from "../../image/image.ts";
import { createMemoryStore } from "../../store/memory-store.ts";
import { type Recorded, readRunId } from "./provenance.ts";

const KEY = AnnotationKey.runId;

async function runIdOf(parts: Omit<ImageParts, "architecture">): Promise<Recorded> {
  const store = createMemoryStore();
  const image = await putImage(store, { architecture: "riscv64", ...parts });
  return readRunId(await readImage(store, image));
}

describe("readRunId", () => {
  it("reads the annotation of the manifest", async () => {
    const recorded = { state: "recorded", value: "run-1", by: "annotation" };
    expect(await runIdOf({ annotations: { [KEY]: "run-1" } })).toEqual(recorded);
    const both = { annotations: { [KEY]: "run-1" }, labels: { [KEY]: "run-1" } };
    expect(await runIdOf(both)).toEqual(recorded);
  });

  it("reads the label of the configuration", async () => {
    expect(await runIdOf({ annotations: { other: "x" }, labels: { [KEY]: "run-1" } })).toEqual({
      state: "recorded",
      value: "run-1",
      by: "label",
    });
  });

  it("distinguishes absent and unreadable records", async () => {
    expect(await runIdOf({})).toEqual({ state: "absent" });
    expect(await runIdOf({ labels: { [KEY]: "" } })).toMatchObject({ state: "unreadable" });
    expect(
      await runIdOf({ annotations: { [KEY]: "run-1" }, labels: { [KEY]: "run-2" } }),
    ).toMatchObject({ state: "unreadable", reason: expect.stringContaining("run-2") as string });
  });

  it("reads other keys than the default", async () => {
    const store = createMemoryStore();
    const parts = { architecture: "amd64", labels: { "example.run": "7" } };
    const image = await readImage(store, await putImage(store, parts));
    expect(readRunId(image, "example.run")).toMatchObject({ value: "7" });
  });
});
