// SPDX-License-Identifier: MIT
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { describe as describeBytes } from "../../bytes/describe-content.ts";
import { readImage, type Image } from "../../image/image.ts";
import { sourceOf } from "../../bytes/bytes.ts";
import { formatJson } from "../../oci/json.ts";
import { DEFAULT_LIMITS } from "../../oci/limits.ts";
import { MediaType } from "../../oci/media-types.ts";
import { createMemoryStore } from "../../store/memory-store.ts";
import { LARGEST_IMAGE_RECORD, readImageRecord, writeImageRecord } from "./image-record.ts";

let directory: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "oci-kit-image-record-"));
});
afterEach(() => rmSync(directory, { recursive: true }));

/** An image without layers, with these fields in its configuration. */
async function imageOf(config: object): Promise<Image> {
  const store = createMemoryStore();
  const put = async (mediaType: string, value: object) => {
    const bytes = formatJson(value);
    const descriptor = describeBytes(mediaType, bytes);
    await store.push(descriptor, sourceOf(bytes));
    return descriptor;
  };
  const rootfs = { type: "layers", diff_ids: [] };
  const described = await put(MediaType.config, {
    ...{ architecture: "amd64", os: "linux", rootfs },
    ...config,
  });
  const manifest = { schemaVersion: 2, mediaType: MediaType.manifest, layers: [] };
  const descriptor = await put(MediaType.manifest, { ...manifest, config: described });
  return readImage(store, descriptor);
}

const rest = { name: "one", paths: 1, bytes: 2, settings: {} };

describe("the record of an image", () => {
  it("is read back beside a configuration that is nearly as large as a document may be", async () => {
    const version = "1".repeat(DEFAULT_LIMITS.documentBytes - 1000);
    const image = await imageOf({ "os.version": version });
    writeImageRecord(directory, image, { ...rest, name: "n".repeat(2000) });
    expect(readImageRecord(directory).platform).toMatchObject({ "os.version": version });
  });

  it("is refused when it is written, when it would be refused when it is read", async () => {
    const name = "n".repeat(LARGEST_IMAGE_RECORD);
    const image = await imageOf({});
    expect(() => writeImageRecord(directory, image, { ...rest, name })).toThrow(
      expect.objectContaining({ code: "limit-exceeded" }),
    );
    expect(readdirSync(directory)).toEqual([]);
  });

  it("is read as it was written, whatever the image and its name say", async () => {
    const text = fc.string({ unit: "binary", maxLength: 20 });
    const number = fc.nat(2 ** 32);
    const map = fc.array(fc.record({ image: number, disk: number, size: number }));
    const config = fc.record(
      { architecture: text, variant: text, "os.version": text, "os.features": fc.array(text) },
      { requiredKeys: [] },
    );
    const settings = fc.record(
      { sameOwner: fc.boolean(), uidMap: map, gidMap: map, rootlessXattr: fc.boolean() },
      { requiredKeys: [] },
    );
    await fc.assert(
      fc.asyncProperty(
        config,
        settings,
        text,
        fc.maxSafeNat(),
        async (fields, given, name, bytes) => {
          const image = await imageOf(fields);
          writeImageRecord(directory, image, { ...{ name, bytes, paths: 1 }, settings: given });
          const record = readImageRecord(directory);
          rmSync(join(directory, "image.json"));
          expect(record).toMatchObject({ name, bytes, settings: given });
          expect(record.platform).toMatchObject({ os: "linux", ...fields });
        },
      ),
      { numRuns: 30 },
    );
  });
});
