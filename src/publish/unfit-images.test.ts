// SPDX-License-Identifier: MIT
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { EXECUTION, WHOLE } from "../../test/fixtures/runnable-image.ts";
import { readImage } from "../image/image.ts";
import { createMemoryStore } from "../store/memory-store.ts";
import { buildImage } from "../testing/build-image.ts";
import { openVerdictCache } from "../verify/facts/verdict-cache.ts";
import { findUnfitImages } from "./unfit-images.ts";

it("an image that passed is looked into again when fewer links are to be followed", async () => {
  const directory = mkdtempSync(join(tmpdir(), "oci-kit-verdicts-"));
  try {
    const store = createMemoryStore();
    const linked = { "usr/bin/one": { symlink: "two" }, "usr/bin/two": { symlink: "sh" } };
    const platform = { os: "linux", architecture: "riscv64" };
    const { descriptor } = await buildImage(store, {
      ...{ platform, layers: [{ ...WHOLE, ...linked }] },
      config: { ...EXECUTION, Entrypoint: ["/usr/bin/one"] },
    });
    const candidate = { name: "one", platform, image: await readImage(store, descriptor) };
    const verdicts = openVerdictCache(directory);
    expect(await findUnfitImages([candidate], { verdicts })).toEqual([]);
    const unfit = await findUnfitImages([candidate], { verdicts, limits: { linkHops: 1 } });
    expect(unfit.flatMap(({ findings }) => findings.map(({ code }) => code))).toEqual([
      "command-missing",
    ]);
  } finally {
    rmSync(directory, { recursive: true });
  }
});
