// SPDX-License-Identifier: MIT
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { digestBytes } from "../bytes/hash.ts";
import { verifyAgainst } from "../disk/proof/verify-against.ts";
import { inspectReference } from "../image/by-reference/inspect-reference.ts";
import { exportReference } from "../rootfs/export/export-reference.ts";
import { flattenReference } from "../rootfs/export/flatten-reference.ts";
import { appendToReference } from "./append-to-reference.ts";
import { packToReference } from "./pack/pack-to-reference.ts";
import { unpackReference } from "./unpack/unpack-reference.ts";

let place: string;
let image: string;

beforeEach(async () => {
  place = mkdtempSync(join(tmpdir(), "oci-kit-convert-"));
  mkdirSync(join(place, "root/etc"), { recursive: true });
  writeFileSync(join(place, "root/etc/name"), "one");
  image = `oci:${place}/images:one`;
  await packToReference(join(place, "root"), image);
});
afterEach(() => rmSync(place, { recursive: true }));

it("a script packs on a base, unpacks and verifies, each by one call with references", async () => {
  writeFileSync(join(place, "root/etc/more"), "two");
  const packed = await packToReference(join(place, "root"), `oci:${place}/images:two`, {
    base: image,
  });
  expect(packed.tag).toBe("two");
  expect(packed.layers).toHaveLength(1);
  const out = join(place, "out");
  const unpacked = await unpackReference(`oci:${place}/images:two`, out);
  expect(unpacked.image.digest).toBe(packed.image!.digest);
  expect(readFileSync(join(out, "etc/more"), "utf8")).toBe("two");
  const same = await verifyAgainst(out, `oci:${place}/images:two`);
  expect(same).toMatchObject({ differences: [], image: { digest: packed.image!.digest } });
  const other = await verifyAgainst(out, image);
  expect(other.differences.map(({ path }) => String(path))).toContain("/etc/more");
});

it("a script appends, flattens and exports, each by one call with references", async () => {
  writeFileSync(join(place, "root/etc/name"), "three");
  const appended = `oci:${place}/images:appended`;
  await appendToReference(image, appended, [join(place, "root")]);
  const flat = `oci:${place}/images:flat`;
  const { images } = await flattenReference(appended, flat);
  expect(images[0]!.layers).toHaveLength(1);
  expect(await inspectReference(flat)).toMatchObject({ kind: "image" });
  const file = join(place, "flat.tar");
  const toFile = await exportReference(flat, file);
  expect(toFile.tar!.digest).toBe(digestBytes(readFileSync(file)));
  const chunks: Uint8Array[] = [];
  const toBytes = await exportReference(appended, async (tar) => {
    for await (const chunk of tar) chunks.push(new Uint8Array(chunk));
  });
  expect(toBytes.tar!.digest).toBe(digestBytes(Buffer.concat(chunks)));
  expect(await exportReference(flat, file, { dryRun: true })).toEqual({
    image: toFile.image,
    entries: toFile.entries,
    bytes: toFile.bytes,
  });
});
