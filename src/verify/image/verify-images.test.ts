// SPDX-License-Identifier: MIT
import { chmodSync, mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { readFile, readdir, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { EXECUTION, WHOLE } from "../../../test/fixtures/runnable-image.ts";
import { watchFetches } from "../../../test/fixtures/watch-fetches.ts";
import { readImage } from "../../image/image.ts";
import { MediaType } from "../../oci/media-types.ts";
import { openLayerIndexCache } from "../../rootfs/layer-index/open-index-cache.ts";
import { openLayout, type LayoutStore } from "../../store/layout/layout.ts";
import {
  buildImage,
  buildIndex,
  pushDocument,
  type BuiltImage,
} from "../../testing/build-image.ts";
import { openFactsCache } from "../facts/facts-cache.ts";
import type { ImagesReport } from "./image-report.ts";
import { verifyImage, type VerifyImageOptions } from "./verify-image.ts";
import { verifyImages } from "./verify-images.ts";

const RISCV64 = { os: "linux", architecture: "riscv64" };

let directory: string;
let store: LayoutStore;
let whole: BuiltImage;

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), "oci-kit-verify-"));
  store = await openLayout(join(directory, "layout"), { create: true });
  whole = await buildImage(store, {
    ...{ layers: [WHOLE, { "work/more": "more" }], config: EXECUTION, platform: RISCV64 },
    tag: "whole",
  });
});
afterEach(() => rmSync(directory, { recursive: true }));

async function verify(
  tag: string,
  options: Parameters<typeof verifyImages>[1] = {},
): Promise<ImagesReport> {
  return verifyImages({ kind: "oci", directory: join(directory, "layout"), tag }, options);
}

function told({ images }: ImagesReport): string[] {
  return images.flatMap(({ findings }) =>
    findings.map(({ code, message }) => `${code}: ${message}`),
  );
}

/** The caches of a user, in the test's own directory. */
function caches(): Pick<VerifyImageOptions, "cache" | "facts"> {
  return {
    cache: openLayerIndexCache(join(directory, "indexes")),
    facts: openFactsCache(join(directory, "facts")),
  };
}

/** An image of the layers of another, whose documents say something else. */
async function retold(configuration: object, tag: string): Promise<BuiltImage["descriptor"]> {
  const config = await pushDocument(store, MediaType.config, {
    ...RISCV64,
    config: EXECUTION,
    rootfs: { type: "layers", diff_ids: whole.diffIds },
    ...configuration,
  });
  const manifest = await pushDocument(store, MediaType.manifest, {
    ...{ schemaVersion: 2, mediaType: MediaType.manifest, config, layers: whole.layers },
  });
  await store.tag(manifest, tag);
  return manifest;
}

describe("an index", () => {
  it("has all its images verified, or only that for a platform", async () => {
    const broken = await buildImage(store, { layers: [{ a: "1" }], config: { Cmd: ["/gone"] } });
    await buildIndex(store, [whole, broken], { tag: "both" });
    const both = await verify("both");
    expect(both.images.map(({ ok }) => ok)).toEqual([true, false]);
    expect(both.verdict).toBe("wrong");
    expect(told(both)).toEqual([
      "command-missing: /gone: the command /gone: expected a program, but /gone is not there",
    ]);
    const one = await verify("both", { platform: RISCV64 });
    expect(one.images.map(({ digest }) => digest)).toEqual([whole.descriptor.digest]);
    expect(one.verdict).toBe("holds");
  });

  it("that names another platform than the configuration is a finding, but not a variant that only it has", async () => {
    const arm = await buildImage(store, {
      layers: [],
      platform: { os: "linux", architecture: "arm" },
    });
    const v6 = { os: "linux", architecture: "arm", variant: "v6" };
    await buildIndex(store, [{ ...arm.descriptor, platform: v6 }], { tag: "arm" });
    expect(told(await verify("arm"))).toEqual([]);
    const amd64 = { os: "linux", architecture: "amd64" };
    await buildIndex(store, [{ ...whole.descriptor, platform: amd64 }], { tag: "amd64" });
    expect(told(await verify("amd64"))).toEqual([
      "wrong-platform: the index says linux/amd64, the configuration linux/riscv64",
    ]);
  });
});

describe("documents", () => {
  it("without a history are right, with a wrong one not", async () => {
    await retold({}, "without");
    expect(await verify("without")).toMatchObject({ verdict: "holds" });
    await retold({ history: [{}, { empty_layer: true }] }, "wrong");
    expect(told(await verify("wrong"))).toEqual([
      "wrong-history: the history: expected 2 entries with a layer, as there are layers, got 1",
    ]);
  });

  it("with annotations that are no text are a finding", async () => {
    const { config, layers } = whole;
    const manifest = await pushDocument(store, MediaType.manifest, {
      ...{ schemaVersion: 2, mediaType: MediaType.manifest, config, layers },
      annotations: { a: 1 },
    });
    await store.tag(manifest, "annotated");
    const report = await verify("annotated");
    expect(report.content?.findings).toMatchObject([{ code: "invalid", digest: manifest.digest }]);
    expect(report.verdict).toBe("wrong");
  });

  it("whose diffIDs are exchanged are found out, though the index of each is kept", async () => {
    await verify("whole", caches());
    await retold(
      { rootfs: { type: "layers", diff_ids: [...whole.diffIds].reverse() } },
      "exchanged",
    );
    for (const kept of [caches(), caches()]) {
      const report = await verify("exchanged", kept);
      expect(report.verdict).toBe("wrong");
      expect(told(report)).toEqual([expect.stringMatching(/^invalid-image: .*layer/)]);
    }
    expect(await verify("whole", caches())).toMatchObject({ verdict: "holds" });
  });
});

it("a damaged layer is one finding about content, and nothing is said of its image", async () => {
  const file = join(directory, "layout/blobs", ...whole.layers[0]!.digest.split(":"));
  chmodSync(file, 0o644);
  writeFileSync(file, new Uint8Array(statSync(file).size));
  for (const kept of [{}, caches()]) {
    const report = await verify("whole", kept);
    expect(report.content?.findings).toMatchObject([{ code: "damaged" }]);
    expect(report.images).toMatchObject([{ checked: undefined, findings: [], ok: false }]);
    expect(report.verdict).toBe("wrong");
  }
});

it("an image of another system than Linux has only its documents and content verified", async () => {
  const platform = { os: "windows", architecture: "amd64" };
  const config = { Entrypoint: ["C:\\app.exe"], User: "ContainerUser" };
  await buildImage(store, {
    layers: [{ "Files/app.exe": "MZ" }],
    platform,
    config,
    tag: "windows",
  });
  expect(await verify("windows")).toMatchObject({ verdict: "holds", images: [{ findings: [] }] });
});

describe("layers", () => {
  async function layersRead(): Promise<readonly string[]> {
    const watched = watchFetches(await readImage(store, whole.descriptor));
    const report = await verifyImage(watched.image, caches());
    expect(report.findings).toEqual([]);
    expect(report.checked).toMatchObject({ layers: 2, programs: 4, scripts: 3 });
    return watched.opened;
  }

  it("are read once for all that is asked of them, and not at all the second time", async () => {
    const digests = whole.layers.map(({ digest }) => digest);
    expect((await layersRead()).toSorted()).toEqual(digests.toSorted());
    expect(await layersRead()).toEqual([]);
  });

  it("are read again when what is kept of them is damaged", async () => {
    await layersRead();
    const kept = (await readdir(join(directory, "facts"))).filter((name) => name.startsWith("v"));
    expect(kept).toHaveLength(2);
    for (const name of kept) {
      const file = join(directory, "facts", name, "content");
      const bytes = await readFile(file);
      bytes[bytes.length - 3]! ^= 1;
      await writeFile(file, bytes);
    }
    expect((await layersRead()).length).toBeGreaterThan(0);
    expect(await layersRead()).toEqual([]);
  });
});
