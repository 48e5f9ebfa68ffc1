// SPDX-License-Identifier: MIT
import { mkdtempSync, rmSync } from "node:fs";
import { PassThrough } from "node:stream";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { fromReadable } from "../bytes/streams/node-stream.ts";
import { readAll } from "../bytes/streams/read-all.ts";
import { readImage } from "../image/image.ts";
import { indexLayers } from "../rootfs/layer-index/image-indexes.ts";
import { createMemoryStore } from "../store/memory-store.ts";
import { buildImage } from "../testing/build-image.ts";
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
