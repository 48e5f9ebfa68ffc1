// SPDX-License-Identifier: MIT
import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
  put,
  putAttestation,
  putImage,
  putIndex,
  putText,
  recordStore,
} from "../../../test/fixtures/family.ts";
import { makeManifest } from "../../image/edit/image-document.ts";
import { OciError } from "../../oci/errors.ts";
import { MediaType } from "../../oci/media-types.ts";
import { openLayout } from "../../store/layout/layout.ts";
import { createMemoryStore } from "../../store/memory-store.ts";
import { gatherFromDirectory, gatherFromLocations, gatherFromTags } from "./gather-children.ts";

let out = "";
beforeEach(async () => {
  out = await mkdtemp(join(tmpdir(), "oci-kit-chain-"));
});
afterEach(() => rm(out, { recursive: true }));

async function layout(name: string, architecture = name) {
  const store = await openLayout(join(out, name), { create: true });
  return { store, image: await putImage(store, { architecture, tag: "latest" }) };
}

describe("gatherFromDirectory", () => {
  it("takes the image of each layout, with its directory's name as a claim", async () => {
    await layout("riscv64");
    await layout("amd64");
    const { children, leftOut } = await gatherFromDirectory(out);
    expect(children.map((child) => child.name)).toEqual([join(out, "amd64"), join(out, "riscv64")]);
    expect(children[1]).toMatchObject({
      platform: { architecture: "riscv64" },
      claims: [{ by: "directory", platform: { architecture: "riscv64" } }],
    });
    expect(leftOut).toEqual([]);
  });

  it("keeps a claim that the configuration contradicts, so that a gate can find it", async () => {
    await layout("arm64", "amd64");
    const { children } = await gatherFromDirectory(out);
    expect(children[0]).toMatchObject({
      platform: { architecture: "amd64" },
      claims: [{ by: "directory", platform: { architecture: "arm64" } }],
    });
  });

  it("reports directories without a layout, and ignores files", async () => {
    await mkdir(join(out, "arm64", "rootfs"), { recursive: true });
    await writeFile(join(out, "artifact.env"), "");
    await symlink("nowhere", join(out, "dangling"));
    const { children, leftOut } = await gatherFromDirectory(out);
    expect(children).toEqual([]);
    expect(leftOut).toEqual([{ name: join(out, "arm64"), reason: "it holds no image layout" }]);
  });

  it("refuses a layout with two images", async () => {
    const { store } = await layout("amd64");
    await putImage(store, { architecture: "amd64", content: "other", tag: "other" });
    await expect(gatherFromDirectory(out)).rejects.toMatchObject({ code: "ambiguous" });
  });

  it("refuses a layout that it can't read", async () => {
    await layout("amd64");
    await writeFile(join(out, "amd64", "index.json"), "{");
    await expect(gatherFromDirectory(out)).rejects.toThrow(OciError);
  });

  it("refuses a missing directory with a hint, and a file in its place", async () => {
    await expect(gatherFromDirectory(join(out, "none"))).rejects.toMatchObject({
      code: "not-found",
      hint: expect.stringContaining("assemble") as string,
    });
    await writeFile(join(out, "file"), "");
    await expect(gatherFromDirectory(join(out, "file"))).rejects.toMatchObject({
      code: "unreadable",
    });
  });
});

describe("gatherFromTags", () => {
  it("takes <tag>-<arch> of each architecture that has one", async () => {
    const store = createMemoryStore({ name: "family" });
    await putImage(store, { architecture: "amd64", tag: "latest-cross-amd64" });
    await putImage(store, { architecture: "riscv64", tag: "latest-cross-riscv64" });
    const architectures = ["amd64", "arm64", "riscv64"];
    const { children } = await gatherFromTags(store, "latest-cross", architectures);
    expect(children.map((child) => child.name)).toEqual([
      "family:latest-cross-amd64",
      "family:latest-cross-riscv64",
    ]);
    expect(children[0]?.claims).toMatchObject([{ by: "tag" }]);
  });

  it("does not take a failure for a missing image", async () => {
    const { store } = recordStore(createMemoryStore(), () => new OciError("unreachable", "down"));
    await expect(gatherFromTags(store, "latest-cross", ["amd64"])).rejects.toMatchObject({
      code: "unreachable",
    });
  });
});

describe("gatherFromLocations", () => {
  it("takes all images of an index, their attestations, and the platforms that the index claims", async () => {
    const store = await openLayout(join(out, "index"), { create: true });
    const amd64 = await putImage(store, { architecture: "amd64" });
    const arm64 = await putImage(store, { architecture: "arm64" });
    const attestation = await putAttestation(store, amd64);
    const platform = { architecture: "riscv64", os: "linux" };
    const annotations = { "example.note": "kept" };
    await putIndex(store, [amd64, { ...arm64, platform, annotations }, attestation], "all");
    const gathered = await gatherFromLocations([`oci:${join(out, "index")}`]);
    const { children, leftOut } = gathered;
    expect(children).toHaveLength(2);
    expect(children[0]?.attestations.map((one) => one.digest)).toEqual([attestation.digest]);
    expect(children[1]).toMatchObject({
      attestations: [],
      claims: [{ by: "index", platform }],
      descriptor: { platform: { architecture: "arm64" }, annotations },
    });
    expect(leftOut).toEqual([]);
    await gathered.close();
  });

  it("reports what it leaves out: artifacts, and attestations of images that are not there", async () => {
    const store = await openLayout(join(out, "index"), { create: true });
    const amd64 = await putImage(store, { architecture: "amd64" });
    const lost = await putAttestation(store, await putImage(store, { architecture: "arm64" }));
    const config = await putText(store, MediaType.empty, "{}");
    const artifact = await put(store, makeManifest({ config, layers: [] }));
    await putIndex(store, [amd64, lost, artifact], "all");
    const { children, leftOut } = await gatherFromLocations([`oci:${join(out, "index")}:all`]);
    expect(children).toHaveLength(1);
    expect(leftOut.map(({ reason }) => reason)).toEqual([
      "it attests an image that is not there",
      "it is no image",
    ]);
  });

  it("refuses a child whose content is missing", async () => {
    const { store, image } = await layout("amd64");
    await store.capabilities.remove(image.digest);
    await putIndex(store, [image], "all").catch(() => undefined);
    await expect(gatherFromLocations([`oci:${join(out, "amd64")}`])).rejects.toThrow(OciError);
  });
});
