// SPDX-License-Identifier: MIT
import { existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { file, mergeImage } from "../../test/fixtures/layers.ts";
import { makeScratch, type Scratch } from "../../test/fixtures/unpacking.ts";
import { packDirectory } from "./pack/pack-directory.ts";
import { createMemoryStore } from "../store/memory-store.ts";
import { verifyDirectory } from "../disk/proof/verify-directory.ts";
import { openUnpacked } from "../disk/sidecar/open-unpacked.ts";

let scratch: Scratch;

beforeEach(() => {
  scratch = makeScratch();
});
afterEach(() => scratch.remove());

const LAYERS = [[file("a", "content")]];
const refusal = (got: string): unknown =>
  expect.objectContaining({
    code: "invalid-argument",
    message: `${JSON.stringify(scratch.sidecar)}: expected the directory with the sidecar, or nothing, got ${got}`,
    hint: expect.stringContaining("Move what is there away") as string,
  });

describe("what lies in the place of a sidecar and is none", () => {
  it("is told by unpack, which then changes nothing", async () => {
    writeFileSync(scratch.sidecar, "mine");
    await expect(scratch.unpack(LAYERS)).rejects.toEqual(refusal("a file"));
    expect(existsSync(scratch.directory)).toBe(false);
    expect(readFileSync(scratch.sidecar, "utf8")).toBe("mine");
  });

  it("is told by pack and by verify", async () => {
    mkdirSync(scratch.directory);
    writeFileSync(scratch.at("a"), "content");
    writeFileSync(scratch.sidecar, "mine");
    const packed = packDirectory(scratch.directory, createMemoryStore(), {});
    await expect(packed).rejects.toEqual(refusal("a file"));
    const verified = verifyDirectory(scratch.directory, await mergeImage(LAYERS));
    await expect(verified).rejects.toEqual(refusal("a file"));
  });

  it("may be a link to nothing or a device, and is not taken for no sidecar", async () => {
    mkdirSync(scratch.directory);
    symlinkSync("nothing", scratch.sidecar);
    expect(() => openUnpacked(scratch.directory)).toThrow(refusal("a link to nothing"));
    await expect(scratch.unpack(LAYERS)).rejects.toEqual(refusal("a link to nothing"));
    expect(() => openUnpacked(scratch.directory, { sidecar: "/dev/null" })).toThrow(
      expect.objectContaining({ message: expect.stringMatching(/got a special file$/) as string }),
    );
  });

  it("does not stop a sidecar that is reached through a link", async () => {
    mkdirSync(`${scratch.top}/elsewhere`);
    symlinkSync("elsewhere", scratch.sidecar);
    await scratch.unpack(LAYERS);
    const view = openUnpacked(scratch.directory);
    expect(view.record?.state).toBe("complete");
    view.close();
  });
});
