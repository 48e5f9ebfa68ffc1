// SPDX-License-Identifier: MIT
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ARCHITECTURES, TAG, family, push } from "../../test/fixtures/push.ts";
import { makeIndex } from "../image/index-document.ts";
import { openLayout } from "../store/layout/layout.ts";
import { readIndex } from "../store/read-documents.ts";

describe("a push to a layout", () => {
  let directory = "";
  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), "oci-kit-push-"));
  });
  afterAll(() => rm(directory, { recursive: true }));

  it("stores the index and each image completely under their tags", async () => {
    const target = await openLayout(join(directory, "index"), { create: true });
    const children = await family();
    const result = await push(target, children);
    const read = await openLayout(join(directory, "index"));
    expect((await read.capabilities.tags()).join(" ")).toBe(
      "latest-cross latest-cross-amd64 latest-cross-arm64 latest-cross-riscv64",
    );
    const published = await readIndex(read, await read.resolve(TAG));
    expect(published.descriptor.digest).toBe(result.index.digest);
    for (const { image } of children) {
      const { config, layers } = image.manifest.value;
      for (const one of [image.descriptor, config, ...layers]) {
        expect(await read.exists(one)).toBe(true);
      }
    }
    const roots = await read.capabilities.roots();
    expect(roots).toHaveLength(4);
    expect(roots.every(({ annotations }) => annotations !== undefined)).toBe(true);
    expect((await push(read, await family())).changed).toBe(false);
  });

  it("writes only the index when the images are in the same layout", async () => {
    const layout = await openLayout(join(directory, "same"), { create: true });
    const children = await family(ARCHITECTURES, "run-1", layout);
    const result = await push(layout, children);
    expect(result.sent).toEqual({ count: 1, bytes: result.index.size });
    const { descriptor } = makeIndex(children.map((child) => child.descriptor));
    expect(result.index).toEqual(descriptor);
  });
});
