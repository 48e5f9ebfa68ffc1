// SPDX-License-Identifier: MIT
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { EXECUTION, WHOLE } from "../../../test/fixtures/runnable-image.ts";
import { readImage, type Image } from "../../image/image.ts";
import { createMemoryStore } from "../../store/memory-store.ts";
import { buildImage } from "../../testing/build-image.ts";
import { createPolicyChecks } from "../policies/policy-checks.ts";
import { openReportCache, type ReportCache } from "./report-cache.ts";
import { verifyImage } from "./verify-image.ts";

let directory: string;
let reports: ReportCache;
let read: number;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "oci-kit-reports-"));
  reports = openReportCache(directory);
  read = 0;
});
afterEach(() => {
  rmSync(directory, { recursive: true });
});

const platform = { os: "linux", architecture: "riscv64" };
const onLayerRead = (): void => void (read += 1);

async function makeImage(): Promise<Image> {
  const store = createMemoryStore();
  const config = { ...EXECUTION, User: "nobody" };
  const { descriptor } = await buildImage(store, { layers: [WHOLE], config, platform });
  return readImage(store, descriptor);
}

it("an image that was verified before is told the same again, without its layers being read", async () => {
  const first = await verifyImage(await makeImage(), { reports, onLayerRead });
  expect([first.findings.map(({ code }) => code), read]).toEqual([["user-missing"], 1]);
  const again = await verifyImage(await makeImage(), { reports, onLayerRead });
  expect(read).toBe(1);
  expect(again).toEqual(first);
});

it("another platform in the index, policies, and who wants to see the image are questions of their own", async () => {
  const image = await makeImage();
  await verifyImage(image, { reports, onLayerRead });
  const entry = { os: "linux", architecture: "arm64" };
  const other = await verifyImage(image, { reports, entry, onLayerRead });
  expect(other.findings.map(({ code }) => code)).toContain("wrong-platform");
  const checks = createPolicyChecks(() => [{ kind: "absent", name: "none", paths: ["/bin"] }]);
  const asked = await verifyImage(image, { reports, checks, onLayerRead });
  expect(asked.findings.map(({ code }) => code)).toContain("path-forbidden");
  let seen = 0;
  await verifyImage(image, { reports, onExamined: () => (seen += 1), onLayerRead });
  expect([read, seen]).toEqual([4, 1]);
});

it("how many links are followed is a part of the question", async () => {
  const store = createMemoryStore();
  const linked = { ...WHOLE, "usr/bin/one": { symlink: "two" }, "usr/bin/two": { symlink: "sh" } };
  const config = { ...EXECUTION, Entrypoint: ["/usr/bin/one"] };
  const { descriptor } = await buildImage(store, { layers: [linked], config, platform });
  const image = await readImage(store, descriptor);
  expect((await verifyImage(image, { reports })).ok).toBe(true);
  const limits = { linkHops: 1 };
  const unkept = await verifyImage(image, { limits });
  expect(unkept.ok).toBe(false);
  expect(await verifyImage(image, { reports, limits })).toEqual(unkept);
});

it("of an image whose layers are gone nothing is told from before", async () => {
  const image = await makeImage();
  await verifyImage(image, { reports });
  const store = { ...image.store, exists: () => Promise.resolve(false) };
  await verifyImage({ ...image, store }, { reports, onLayerRead });
  expect(read).toBe(1);
});
