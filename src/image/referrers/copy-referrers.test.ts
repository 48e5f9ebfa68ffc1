// SPDX-License-Identifier: MIT
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { cosignTag, putReferrer } from "../../../test/fixtures/referrers.ts";
import type { Descriptor } from "../../oci/documents/descriptor.ts";
import { parsePlatform } from "../../oci/platform.ts";
import { serveRegistry, type RegistryServer } from "../../server/serve.ts";
import { openReferrers } from "../../store/referrers/find-referrers.ts";
import { openLayout } from "../../store/layout/layout.ts";
import { buildImage, buildIndex } from "../../testing/build-image.ts";
import { copyReference } from "../by-reference/copy-reference.ts";
import { openReference } from "../open-reference.ts";

let directory: string;
let server: RegistryServer;
let index: Descriptor;
let image: Descriptor;
let referrers: Descriptor[];

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), "oci-kit-referrers-"));
  server = await serveRegistry({ directory: join(directory, "served") });
  const layout = await openLayout(join(directory, "source"), { create: true });
  image = (await buildImage(layout, { layers: [{ a: "1" }] })).descriptor;
  const other = await buildImage(layout, { platform: parsePlatform("arm64") });
  index = await buildIndex(layout, [image, other], { tag: "v1" });
  const sbom = await putReferrer(layout, image, "application/x.sbom");
  const signature = await putReferrer(layout, sbom, "application/x.signature");
  referrers = [await putReferrer(layout, index, "application/x.signature"), sbom, signature];
  await layout.tag(
    (await buildImage(layout, { layers: [{ sig: "1" }] })).descriptor,
    cosignTag(image),
  );
});
afterEach(async () => {
  await server.close();
  rmSync(directory, { recursive: true });
});

function places(): { readonly [kind: string]: string } {
  return {
    layout: `oci:${directory}/copied:v1`,
    registry: `127.0.0.1:${server.port}/copied/image:v1`,
    archive: `oci-archive:${directory}/copied.tar:v1`,
  };
}

async function expectReferrers(reference: string): Promise<void> {
  const opened = await openReference(reference);
  const { store } = opened;
  try {
    const listing = await openReferrers(store);
    const digests = async (subject: Descriptor) =>
      (await listing.of(subject.digest)).map(({ digest }) => digest);
    expect(await digests(index)).toEqual([referrers[0]!.digest]);
    expect(await digests(image)).toEqual([referrers[1]!.digest]);
    expect(await digests(referrers[1]!)).toEqual([referrers[2]!.digest]);
    expect((await listing.tagsOf(image.digest)).map(({ tag }) => tag)).toEqual([cosignTag(image)]);
  } finally {
    await opened.close();
  }
}

describe("copying with referrers", () => {
  it.each(["layout", "registry", "archive"])(
    "takes those of every manifest, and theirs, and cosign's tags: to a %s and back",
    async (kind) => {
      const place = places()[kind]!;
      const copied = await copyReference(`oci:${directory}/source:v1`, place, { referrers: true });
      expect(copied.root.digest).toBe(index.digest);
      expect(copied.referrers).toHaveLength(4);
      await expectReferrers(place);
      const back = `oci:${directory}/back:v1`;
      await copyReference(place, back, { referrers: true });
      await expectReferrers(back);
    },
  );

  it("sends nothing the second time", async () => {
    const options = { referrers: true };
    const place = places()["registry"]!;
    await copyReference(`oci:${directory}/source:v1`, place, options);
    const again = await copyReference(`oci:${directory}/source:v1`, place, options);
    expect(again.copied).toEqual({ count: 0, bytes: 0 });
    expect(again.referrers).toHaveLength(4);
  });

  it("is without them unless they are wanted", async () => {
    await copyReference(`oci:${directory}/source:v1`, places()["layout"]!);
    const { store } = await openReference(places()["layout"]!);
    expect(await (await openReferrers(store)).of(index.digest)).toEqual([]);
  });

  it("leaves out those of an index that is another one afterwards, and says so", async () => {
    const platforms = [parsePlatform("amd64")];
    const options = { platforms, referrers: true };
    const copied = await copyReference(`oci:${directory}/source:v1`, places()["layout"]!, options);
    expect(copied.root.digest).not.toBe(index.digest);
    expect(copied.dropped.map(({ digest }) => digest)).toContain(referrers[0]!.digest);
    const { store } = await openReference(places()["layout"]!);
    expect(await (await openReferrers(store)).of(image.digest)).toHaveLength(1);
  });

  it("is refused with a format or a compression, whose new digests nobody signed", async () => {
    const options = { referrers: true, compression: "zstd" } as const;
    const copying = async () =>
      copyReference(`oci:${directory}/source:v1`, places()["layout"]!, options);
    await expect(copying()).rejects.toMatchObject({ code: "invalid-argument" });
  });

  it("writes nothing in a dry run", async () => {
    const options = { referrers: true, dryRun: true };
    const planned = await copyReference(
      `oci:${directory}/source:v1`,
      places()["registry"]!,
      options,
    );
    expect(planned.referrers).toHaveLength(4);
    await expect(openReference(places()["registry"]!).then((r) => r.root())).rejects.toMatchObject({
      code: "not-found",
    });
  });

  it("to a layout without a tag keeps the image as the layout's only one, also the second time", async () => {
    const untagged = `oci:${directory}/untagged`;
    for (const options of [{}, { referrers: true }, { referrers: true }]) {
      await copyReference(`oci:${directory}/source:v1`, untagged, options);
      expect((await (await openReference(untagged)).root()).digest).toBe(index.digest);
    }
    const options = { platform: parsePlatform("arm64") };
    await copyReference(`oci:${directory}/source:v1`, untagged, options);
    expect((await (await openReference(untagged)).root()).digest).not.toBe(index.digest);
  });
});
