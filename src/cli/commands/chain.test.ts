// SPDX-License-Identifier: MIT
import { readFileSync } from "node:fs";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { putImage } from "../../../test/fixtures/family.ts";
import { configuration, createProject, type Project } from "../../../test/fixtures/project.ts";
import { parseReference } from "../../oci/reference.ts";
import { openRepository } from "../../registry/repository.ts";

let project: Project;

const STAGES = {
  base: { dockerfile: "Dockerfile.base", from: "docker.io/library/debian:13", tag: "base" },
  sdk: {
    parent: "base",
    perArch: true,
    dockerfile: "Dockerfile.sdk",
    tag: "sdk-${ARCH}",
    layout: "out/sdk/${ARCH}",
  },
};

beforeEach(async () => {
  project = await createProject();
  project.write("linux/oci-kit.yaml", configuration(project.repository, { stages: STAGES }));
});
afterEach(() => project.remove());

/** Publishes base, and the sdk of each architecture as made from a digest. */
async function publish(parent?: string): Promise<string> {
  const store = openRepository(parseReference(project.repository));
  const { digest } = await putImage(store, { architecture: "amd64", content: "base", tag: "base" });
  for (const architecture of ["amd64", "arm64", "riscv64"]) {
    const annotations = {
      "org.kataglyphis.parent-digest": `${project.repository}@${parent ?? digest}`,
    };
    await putImage(store, { architecture, annotations, tag: `sdk-${architecture}` });
  }
  return digest;
}

const OLD = `sha256:${"0".repeat(64)}`;

describe("oci-kit chain describe", () => {
  it("prints the stages in the shape that people know, without a registry", async () => {
    const { status, stdout, stderr } = await project.run("chain", "describe", "--offline");
    expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
    expect(stdout.replaceAll(project.repository, "REPO")).toBe(`\
Cross chain: arches=amd64,arm64,riscv64 stages=base..sdk repo=REPO

Cross-lane stage chain (arches: amd64,arm64,riscv64)
========================================

[base]  ← docker.io/library/debian:13
  Dockerfile: Dockerfile.base
  Tag:        REPO:base
  Platform:   linux/amd64  (shared, not per-arch)

[sdk]  ← base
  Dockerfile: Dockerfile.sdk
  amd64  → REPO:sdk-amd64
  arm64  → REPO:sdk-arm64
  riscv64 → REPO:sdk-riscv64
`);
  });

  it("says what the registry has, and how fresh it is", async () => {
    await publish();
    const { stdout } = await project.run("chain", "describe");
    expect(stdout).toMatch(/Tag: {8}\S+:base {2}sha256:[0-9a-f]{12} there/);
    expect(stdout).toMatch(/sdk-arm64 {2}sha256:[0-9a-f]{12} fresh/);
  });

  it("draws the chain as a picture and as a page, for light and dark, that load nothing", async () => {
    await publish(OLD);
    const { status, stderr } = await project.run(
      "chain",
      "describe",
      "--svg",
      "c.svg",
      "--html",
      "c.html",
    );
    expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
    for (const file of ["c.svg", "c.html"]) {
      const text = readFileSync(file, "utf8");
      expect(text).toContain("prefers-color-scheme: dark");
      expect(text).toContain(">stale<");
      expect(text.replaceAll("http://www.w3.org/2000/svg", "")).not.toMatch(
        /https?:|<script|url\(|@import/,
      );
    }
    expect(readFileSync("c.svg", "utf8").match(/<rect/g)).toHaveLength(4);
  });

  it("escapes what the configuration says in a picture", async () => {
    const stages = { base: { ...STAGES.base, from: "<script>alert('x')</script>" } };
    project.write("linux/oci-kit.yaml", configuration(project.repository, { stages }));
    await project.run("chain", "describe", "--offline", "--html", "c.html");
    expect(readFileSync("c.html", "utf8")).not.toContain("<script>");
  });

  it("describes without a registry that is gone, and says so once", async () => {
    await project.server.close();
    const { status, stdout, stderr } = await project.run("chain", "describe");
    expect(status).toBe(0);
    expect(stdout).toContain("[sdk]  ← base");
    expect(stderr.match(/4 of 4 images could not be read/g)).toHaveLength(1);
  });
});

describe("oci-kit chain verify", () => {
  it("exits with 0 when all is fresh, 2 when something is stale, 1 when nothing could be compared", async () => {
    expect(await project.run("chain", "verify")).toMatchObject({ status: 1, stdout: "" });
    const digest = await publish();
    const fresh = await project.run("chain", "verify");
    expect(fresh).toMatchObject({ status: 0, stderr: "" });
    expect(fresh.stdout).toContain(`${project.repository}: 3 links compared: all fresh`);
    await publish(OLD);
    const stale = await project.run("chain", "verify");
    expect(stale.status).toBe(2);
    expect(stale.stdout).toContain(
      `stale  base->sdk-arm64    built from ${OLD}, parent now ${digest}: rebuild from sdk`,
    );
    await project.server.close();
    const gone = await project.run("chain", "verify");
    expect(gone.status).toBe(1);
    expect(gone.stderr).toContain("this is not the same as fresh");
  });

  it("prints for programs which units a link joins, and the digests beside them", async () => {
    const digest = await publish(OLD);
    const { document } = await project.json("chain", "verify", "--arch", "arm64");
    expect(document).toMatchObject({
      ok: false,
      answer: "does-not-hold",
      links: [
        {
          link: "base->sdk-arm64",
          parent: "base",
          child: "sdk-arm64",
          state: "stale",
          now: digest,
          builtFrom: OLD,
        },
      ],
    });
  });

  it("exits with 1 when a part is unknown and nothing is stale", async () => {
    await publish();
    const store = openRepository(parseReference(project.repository));
    await putImage(store, { architecture: "arm64", tag: "sdk-arm64" });
    const { status, stdout } = await project.run("chain", "verify");
    expect(status).toBe(1);
    expect(stdout).toContain("2 links compared: 1 unknown");
  });
});

describe("a chain asked for wrongly", () => {
  it.each([
    [["--arch", "mips"], /--arch: expected amd64, arm64, riscv64, got "mips"/],
    [["--only", "nope"], /--only: expected one of the stages base, sdk, got "nope"/],
    [["--variant", "rocm"], /variant: expected none: none is declared, got "rocm"/],
    [
      ["--build-platform", "linux/s390x"],
      /build platform: expected linux\/amd64, got "linux\/s390x"/,
    ],
    [["--no-config"], /expected linux\/oci-kit.yaml here or in a directory above/],
    [["--set", "NOPE=1"], /--set: expected a variable of/],
  ])("%j is refused with what is there", async (flags, expected) => {
    const { status, stderr } = await project.run("chain", "describe", "--offline", ...flags);
    expect(status).toBe(1);
    expect(stderr).toMatch(expected);
  });

  it("of a configuration without stages says where they are written", async () => {
    project.write("linux/oci-kit.yaml", configuration(project.repository));
    const { status, stderr } = await project.run("chain", "verify");
    expect(status).toBe(1);
    expect(stderr).toMatch(/expected stages, got none[\s\S]*docs\/chain.md/);
  });
});
