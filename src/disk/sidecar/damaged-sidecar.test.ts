// SPDX-License-Identifier: MIT
import * as fs from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { recordOf } from "../../../test/fixtures/place-tree.ts";
import { unpackPoorly } from "../../../test/fixtures/poorly-unpacked.ts";
import type { MetadataPolicy } from "../metadata-policy.ts";
import { openUnpacked, type UnpackedDirectory } from "./open-unpacked.ts";
import { sidecarOf, writeRecord } from "./unpack-record.ts";

let base: string;
let directory: string;
let view: UnpackedDirectory | undefined;
let policy: MetadataPolicy;

beforeEach(async () => {
  base = fs.mkdtempSync(join(tmpdir(), "oci-kit-sidecar-"));
  directory = join(base, "root");
  policy = await unpackPoorly(directory);
});
afterEach(() => {
  view?.close();
  view = undefined;
  fs.rmSync(base, { recursive: true, force: true });
});

function open(): UnpackedDirectory {
  return (view = openUnpacked(directory));
}

describe("a sidecar", () => {
  const file = (name: string): string => join(sidecarOf(directory), name);
  const edit = (name: string, change: (text: string) => string): void =>
    fs.writeFileSync(file(name), change(fs.readFileSync(file(name), "latin1")), "latin1");

  it.each<[string, () => void]>([
    ["sidecar.json is truncated", () => fs.truncateSync(file("sidecar.json"), 40)],
    ["sidecar.json is empty", () => fs.truncateSync(file("sidecar.json"))],
    ["sidecar.json alone is missing", () => fs.rmSync(file("sidecar.json"))],
    ["sidecar.json is not an object", () => fs.writeFileSync(file("sidecar.json"), "[]")],
    [
      "sidecar.json has an unknown key",
      () => edit("sidecar.json", (text) => text.replace('"exact"', '"exakt"')),
    ],
    [
      "sidecar.json has no digests",
      () => edit("sidecar.json", (text) => text.replace(/,\s+"files": \{[^]*/, "}")),
    ],
    ["tree.mtree is missing", () => fs.rmSync(file("tree.mtree"))],
    ["tree.mtree is truncated", () => fs.truncateSync(file("tree.mtree"), 200)],
    ["tree.mtree is altered", () => edit("tree.mtree", (text) => text.replace("uid=33", "uid=00"))],
    ["placed is missing", () => fs.rmSync(file("placed"))],
    ["placed is truncated", () => fs.truncateSync(file("placed"), 60)],
    ["placed is altered", () => edit("placed", (text) => text.replace(" owner", " awner"))],
    [
      "placed belongs to another tree",
      () => edit("sidecar.json", (text) => text.replace('"paths": 8', '"paths": 9')),
    ],
  ])("that is damaged is an error with a hint, not a missing one: %s", (_, damage) => {
    damage();
    expect(() => open()).toThrow(
      expect.objectContaining({
        code: "invalid-sidecar",
        hint: expect.stringMatching(/^Run oci-kit unpack again: /) as string,
      }),
    );
  });

  it("that a newer oci-kit wrote is refused", () => {
    edit("sidecar.json", (text) => text.replace('"version": 1', '"version": 2, "new": true'));
    expect(() => open()).toThrow(
      expect.objectContaining({
        code: "invalid-sidecar",
        message: expect.stringContaining("expected a sidecar of version 1, got 2") as string,
        hint: "A newer oci-kit wrote it: use that one, or unpack into another directory.",
      }),
    );
  });

  it("that is still being written does not count as a finished directory", () => {
    writeRecord(sidecarOf(directory), recordOf(policy));
    expect(() => open()).toThrow(
      expect.objectContaining({
        code: "invalid-sidecar",
        hint: "Run the same oci-kit unpack again: it completes what is there.",
      }),
    );
  });

  it("directory counts as missing when nothing was ever written into it", () => {
    fs.rmSync(sidecarOf(directory), { recursive: true });
    fs.mkdirSync(sidecarOf(directory));
    expect(open().record).toBeUndefined();
  });
});
