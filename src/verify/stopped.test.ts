// SPDX-License-Identifier: MIT
import { mkdtempSync, rmSync } from "node:fs";
import { PassThrough } from "node:stream";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { fromText } from "../bytes/byte-string.ts";
import { once } from "../bytes/bytes.ts";
import { mergeImage, program } from "../../test/fixtures/layers.ts";
import { verifyClosure } from "./closure/verify-closure.ts";
import { fromReadable } from "../bytes/streams/node-stream.ts";
import { readAll } from "../bytes/streams/read-all.ts";
import { readImage } from "../image/image.ts";
import { makeBlankNode } from "../rootfs/blank-node.ts";
import { indexLayers } from "../rootfs/layer-index/image-indexes.ts";
import { createMemoryStore } from "../store/memory-store.ts";
import { buildImage } from "../testing/build-image.ts";
import { app, run, verifyFiles } from "../../test/fixtures/runnable-image.ts";
import type { VerifyImageOptions } from "./image/verify-image.ts";
import type { VerifyProgress } from "./image/verify-progress.ts";
import { openLayerIndexCache } from "../rootfs/layer-index/open-index-cache.ts";
import { surveyRoot } from "./image/root-survey.ts";
import { findRootFilesystems } from "./find-root-filesystems.ts";

const enough = new Error("enough");
const aborted = { name: "OciError", code: "aborted", cause: enough };

it("looking for root filesystems that is stopped is OciError aborted", async () => {
  const directory = mkdtempSync(join(tmpdir(), "oci-kit-stopped-"));
  try {
    const signal = AbortSignal.abort(enough);
    await expect(findRootFilesystems(directory, { signal })).rejects.toMatchObject(aborted);
  } finally {
    rmSync(directory, { recursive: true });
  }
});

it("indexing layers that is stopped is OciError aborted", async () => {
  const store = createMemoryStore();
  const { descriptor } = await buildImage(store, { layers: [{ a: "1" }] });
  const image = await readImage(store, descriptor);
  const stopped = indexLayers(image, { signal: AbortSignal.abort(enough) });
  await expect(stopped).rejects.toMatchObject({ name: "OciError", code: "aborted" });
});

it("a stream of which nothing comes is stopped at once, as OciError aborted", async () => {
  const controller = new AbortController();
  const silent = new PassThrough();
  const reading = readAll(
    fromReadable(silent, { signal: controller.signal, what: "stdin" }),
    1,
    "x",
  );
  controller.abort(enough);
  await expect(reading).rejects.toMatchObject({
    ...aborted,
    message: "stdin: stopped, as was asked",
  });
  expect(silent.destroyed).toBe(true);
});

/** An image whose every phase takes longer than a turn. */
const many = Object.fromEntries(
  Array.from({ length: 400 }, (_, at) => [
    `usr/bin/p${at}`,
    run(app({ needed: [`libgone${at}.so`, "libc.so.6"] })),
  ]),
);

describe("verifying an image", () => {
  let directory: string;
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), "oci-kit-stopped-"));
  });
  afterEach(() => rmSync(directory, { recursive: true }));

  /** The index of the layer is known, and what is in its files is not: they are read alone. */
  async function verifyIndexed(options: VerifyImageOptions): Promise<unknown> {
    const cache = openLayerIndexCache(directory);
    await verifyFiles({ files: many }, { cache });
    return verifyFiles({ files: many }, { cache, ...options });
  }

  it("shows how far the reading of its programs is", async () => {
    const events: VerifyProgress[] = [];
    await verifyIndexed({ onProgress: (event) => void events.push(event) });
    const last = events.findLast((event) => event.kind === "reading-objects");
    expect(last).toMatchObject({ read: 406, total: 406 });
  });

  it.each([
    ["layer-indexed", (options: VerifyImageOptions) => verifyFiles({ files: many }, options)],
    ["reading-objects", verifyIndexed],
  ] as const)("that is stopped at %s is OciError aborted at once", async (kind, verify) => {
    const controller = new AbortController();
    let after = 0;
    const onProgress = (event: VerifyProgress): void => {
      if (controller.signal.aborted) after += 1;
      else if (event.kind === kind) controller.abort(enough);
    };
    const stopped = verify({ onProgress, signal: controller.signal });
    await expect(stopped).rejects.toMatchObject({ name: "OciError", code: "aborted" });
    expect(after).toBeLessThan(5);
  });

  it("that is stopped by a timer ends, whichever phase that falls into", async () => {
    for (const phase of ["survey", "closure"] as const) {
      const controller = new AbortController();
      setImmediate(() => controller.abort(enough));
      const stopped =
        phase === "survey" ? surveyEndless(controller.signal) : closureOf(controller.signal);
      await expect(stopped).rejects.toMatchObject(aborted);
    }
  });
});

/** A root with a directory in every directory, which a walk never ends of. */
async function surveyEndless(signal: AbortSignal): Promise<unknown> {
  const node = makeBlankNode("directory", 0o755);
  const root = {
    name: "endless",
    lstat: () => node,
    list: () => [fromText("d")],
    read: () => once(new Uint8Array()),
  };
  return surveyRoot(root, { signal });
}

/** Programs of which each is asked about again and again. */
async function closureOf(signal: AbortSignal): Promise<unknown> {
  const root = await mergeImage([[program("bin/app", app())]]);
  const paths = Array.from({ length: 1_000_000 }, () => fromText("/bin/app"));
  return verifyClosure(root, { paths, signal });
}
