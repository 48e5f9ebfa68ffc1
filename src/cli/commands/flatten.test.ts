// SPDX-License-Identifier: MIT
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createImagesProject, type ImagesProject } from "../../../test/fixtures/images-project.ts";
import type { JsonRan } from "../../../test/fixtures/project.ts";
import type { Descriptor } from "../../oci/documents/descriptor.ts";

let project: ImagesProject;

beforeEach(async () => {
  project = await createImagesProject();
});
afterEach(() => project.remove());

describe("flatten", () => {
  it("makes one layer with the same tree, with the same digest every time", async () => {
    const [first, second] = [
      await project.edited("flatten", "oci:images:one", "oci:flat:1"),
      await project.edited("flatten", "oci:images:one", "oci:flat:2"),
    ];
    expect(second.digest).toBe(first.digest);
    expect(first.images[0]!.layers).toMatchObject([{ made: true }]);
    expect(await project.exported("oci:flat:1")).toEqual(await project.exported("oci:images:one"));
    expect((await project.inspected("oci:flat:1")).config.config?.Cmd).toEqual(["sh"]);
  });

  it("flattens every image of an index, and says that it leaves out the attestation", async () => {
    const { stderr, status } = await project.run("flatten", "oci:images:all", "oci:flat:all");
    expect(status).toBe(0);
    expect(stderr).toContain("left out 1 attestation");
    const { document } = (await project.json("inspect", "oci:flat:all")) as JsonRan<{
      images: Descriptor[];
      attestations: Descriptor[];
    }>;
    expect(document.images.map(({ platform }) => platform?.architecture)).toEqual([
      "amd64",
      "riscv64",
    ]);
    expect(document.attestations).toEqual([]);
  });

  it("takes the time from SOURCE_DATE_EPOCH", async () => {
    const env = { SOURCE_DATE_EPOCH: "1700000000" };
    await project.runWith({ env }, "flatten", "oci:images:one", "oci:flat:1");
    expect((await project.inspected("oci:flat:1")).config.created).toBe("2023-11-14T22:13:20Z");
  });

  it("writes nothing with --dry-run", async () => {
    const before = project.list();
    const dry = await project.edited("flatten", "oci:images:one", "oci:flat:1", "--dry-run");
    expect(project.list()).toEqual(before);
    expect((await project.edited("flatten", "oci:images:one", "oci:flat:1")).digest).toBe(
      dry.digest,
    );
  });
});
