// SPDX-License-Identifier: MIT
import * as fs from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { readImage, type Image } from "../../image/image.ts";
import { createMemoryStore } from "../../store/memory-store.ts";
import { buildImage } from "../../testing/build-image.ts";
import { readImageDocuments, writeImageDocuments } from "./image-documents.ts";

let sidecar: string;
let image: Image;

beforeEach(async () => {
  sidecar = fs.mkdtempSync(join(tmpdir(), "oci-kit-documents-"));
  const store = createMemoryStore();
  const { descriptor } = await buildImage(store, { layers: [{ a: "a" }], config: { User: "me" } });
  image = await readImage(store, descriptor);
});
afterEach(() => fs.rmSync(sidecar, { recursive: true, force: true }));

describe("the saved documents of an unpacked image", () => {
  it("are read back byte for byte", () => {
    writeImageDocuments(sidecar, image);
    writeImageDocuments(sidecar, image);
    const documents = readImageDocuments(sidecar, image.descriptor.digest);
    expect(documents?.manifest.bytes).toEqual(Buffer.from(image.manifest.bytes));
    expect(documents?.config.bytes).toEqual(Buffer.from(image.config.bytes));
    expect(documents?.config.value.config?.User).toBe("me");
    expect(fs.readdirSync(sidecar).sort()).toEqual(["config.json", "manifest.json"]);
  });

  it("may be absent", () => {
    expect(readImageDocuments(sidecar, image.descriptor.digest)).toBeUndefined();
  });

  it("are refused if one of them is damaged or missing", () => {
    writeImageDocuments(sidecar, image);
    const read = (): unknown => readImageDocuments(sidecar, image.descriptor.digest);
    fs.appendFileSync(join(sidecar, "config.json"), " ");
    expect(read).toThrow("config.json");
    fs.rmSync(join(sidecar, "config.json"));
    expect(read).toThrow("got no file");
    fs.appendFileSync(join(sidecar, "manifest.json"), " ");
    expect(read).toThrow("manifest.json");
  });
});
