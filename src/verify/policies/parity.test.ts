// SPDX-License-Identifier: MIT
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openLayout } from "../../store/layout/layout.ts";
import { buildImage, type LayerFiles } from "../../testing/build-image.ts";
import { verifyTargets } from "../verify-targets.ts";
import type { Policy } from "./policy.ts";

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "oci-kit-parity-"));
});
afterEach(() => rmSync(directory, { recursive: true }));

const PARITY: Policy = { kind: "parity", name: "parity", paths: ["/opt/*", "/usr/lib/*/*.so"] };

/** Verifies one layout for each architecture, together; the findings by architecture. */
async function compare(
  images: Readonly<Record<string, LayerFiles>>,
  policies: (architecture: string | undefined) => readonly Policy[] = () => [PARITY],
): Promise<Readonly<Record<string, readonly string[]>>> {
  for (const [architecture, files] of Object.entries(images)) {
    const store = await openLayout(join(directory, architecture), { create: true });
    await buildImage(store, { layers: [files], platform: { os: "linux", architecture }, tag: "1" });
  }
  const location = { kind: "path", path: directory } as const;
  const policiesFor = (platform?: { readonly architecture: string }): readonly Policy[] =>
    policies(platform?.architecture);
  const reports = await verifyTargets([{ location, policies: policiesFor }]);
  return Object.fromEntries(
    reports.flatMap(({ report }) =>
      report.images.map(({ platform, findings }) => [
        platform!.architecture,
        findings.map(({ severity, message }) => `${severity} ${message}`),
      ]),
    ),
  );
}

describe("parity between architectures", () => {
  it("holds where the same paths are there, whatever the architecture is called in them", async () => {
    const files = (triplet: string): LayerFiles => ({
      "opt/ffmpeg/x": "x",
      [`usr/lib/${triplet}/a.so`]: "a",
    });
    expect(
      await compare({ arm64: files("aarch64-linux-gnu"), riscv64: files("riscv64-linux-gnu") }),
    ).toEqual({ arm64: [], riscv64: [] });
  });

  it("names what one lacks, at the one that lacks it", async () => {
    const both = { "opt/ffmpeg/x": "x" };
    expect(
      await compare({ amd64: { ...both, "opt/cmake": "x" }, arm64: both, riscv64: both }),
    ).toEqual({
      amd64: [],
      arm64: ["error /opt/cmake: is there for linux/amd64, and not for linux/arm64"],
      riscv64: ["error /opt/cmake: is there for linux/amd64, and not for linux/riscv64"],
    });
  });

  it("has exemptions of one architecture", async () => {
    const exempt = [{ path: "/opt/cmake", reason: "there is none" }];
    const both = { "opt/ffmpeg/x": "x" };
    const policies = (architecture: string | undefined): readonly Policy[] => [
      architecture === "riscv64" ? { ...PARITY, exempt } : PARITY,
    ];
    expect(
      await compare({ amd64: { ...both, "opt/cmake": "x" }, riscv64: both }, policies),
    ).toEqual({ amd64: [], riscv64: [] });
  });

  it("of one image alone is noted as not compared", async () => {
    expect(await compare({ amd64: { "opt/ffmpeg/x": "x" } })).toEqual({
      amd64: ["note one image alone was verified, so nothing was compared with others"],
    });
  });
});

it("a directory's name that contradicts the image is a finding", async () => {
  const store = await openLayout(join(directory, "riscv64"), { create: true });
  await buildImage(store, { layers: [{ a: "1" }], tag: "1" });
  const [verified] = await verifyTargets([{ location: { kind: "path", path: directory } }]);
  const report = verified?.report;
  expect(report).toMatchObject({ verdict: "wrong" });
  expect(report!.images[0]!.findings).toMatchObject([
    {
      code: "wrong-platform",
      message: 'the directory\'s name "riscv64" says riscv64, the configuration linux/amd64',
    },
  ]);
});
