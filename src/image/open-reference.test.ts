// SPDX-License-Identifier: MIT
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { putImage } from "../../test/fixtures/family.ts";
import { openLayout } from "../store/layout/layout.ts";
import { findImage } from "./find-image.ts";
import { parseLocation } from "./location.ts";
import { openReference, openTarget } from "./open-reference.ts";

let out = "";
beforeEach(async () => {
  out = await mkdtemp(join(tmpdir(), "oci-kit-open-"));
});
afterEach(() => rm(out, { recursive: true }));

describe("openReference", () => {
  it("finds the only image of a layout without a tag, with a scheme or as a path", async () => {
    const layout = await openLayout(join(out, "x"), { create: true });
    const image = await putImage(layout, { architecture: "amd64", tag: "latest" });
    for (const text of [`oci:${out}/x`, `oci-layout://${out}/x`, `${out}/x`]) {
      const opened = await openReference(text);
      expect((await opened.root()).digest).toBe(image.digest);
      expect(opened.reference).toBeUndefined();
      await opened.close();
    }
  });

  it("finds the image of a tag, or of the digest when both are given", async () => {
    const layout = await openLayout(join(out, "x"), { create: true });
    const a = await putImage(layout, { architecture: "amd64", tag: "a" });
    const b = await putImage(layout, { architecture: "arm64", tag: "b" });
    const tagged = await openReference(`oci:${out}/x:b`);
    expect((await tagged.root()).digest).toBe(b.digest);
    const pinned = await openReference(`oci:${out}/x:b@${a.digest}`);
    expect((await pinned.root()).digest).toBe(a.digest);
    await expect((await openReference(`oci:${out}/x`)).root()).rejects.toMatchObject({
      code: "ambiguous",
    });
    await expect((await openReference(`oci:${out}/x:c`)).root()).rejects.toMatchObject({
      code: "not-found",
    });
  });

  it("sends nothing to a registry before root() is called", async () => {
    const opened = await openReference("localhost:1/a/b");
    expect(opened).toMatchObject({ reference: undefined, store: { name: "localhost:1/a/b" } });
    await opened.close();
  });

  it("refuses a missing layout, and a plain directory, which is not an image", async () => {
    await expect(openReference(`oci:${out}/none`)).rejects.toMatchObject({ code: "not-found" });
    await expect(openReference(`dir:${out}`)).rejects.toMatchObject({ code: "invalid-argument" });
  });
});

describe("openTarget", () => {
  it.each(["oci", "oci-archive"])(
    "writes %s so that openReference reads it back",
    async (scheme) => {
      const target = await openTarget(`${scheme}:${out}/x:v1`);
      const image = await putImage(target.store, { architecture: "riscv64" });
      await target.store.tag(image, target.tag ?? "none");
      await target.close();
      const opened = await openReference(`${scheme}:${out}/x:v1`);
      const found = await findImage(opened.store, await opened.root(), undefined);
      expect(found.digest).toBe(image.digest);
      await opened.close();
    },
  );

  it("writes a docker-archive that can be read back", async () => {
    const target = await openTarget(`docker-archive:${out}/x.tar:family/image:v1`);
    const image = await putImage(target.store, { architecture: "riscv64" });
    await target.store.tag(image, target.tag ?? "none");
    await target.close();
    const opened = await openReference(`docker-archive:${out}/x.tar`);
    expect((await opened.root()).size).toBeGreaterThan(0);
    await opened.close();
  });

  it("leaves nothing behind of an archive that is discarded", async () => {
    const target = await openTarget(`oci-archive:${out}/x.tar:v1`);
    await putImage(target.store, { architecture: "riscv64" });
    await target.discard();
    expect(await readdir(out)).toEqual([]);
  });

  it("refuses a digest, since it depends on what is written, and a plain directory", async () => {
    const location = parseLocation(`oci:${out}/x@sha256:${"0".repeat(64)}`);
    await expect(openTarget(location)).rejects.toMatchObject({ code: "invalid-argument" });
    const pinned = `localhost:1/a@sha256:${"0".repeat(64)}`;
    await expect(openTarget(pinned)).rejects.toMatchObject({ code: "invalid-argument" });
    await expect(openTarget(`dir:${out}`)).rejects.toMatchObject({ code: "invalid-argument" });
  });
});
