// SPDX-License-Identifier: MIT
import {
  existsSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
} from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { configuration, createProject, type Project } from "../../test/fixtures/project.ts";

let project: Project;
beforeEach(async () => {
  project = await createProject();
});
afterEach(() => project.remove());

async function done(...words: string[]): Promise<string> {
  const { status, stdout, stderr } = await project.run(...words);
  expect({ words, status, stderr }).toMatchObject({ status: 0 });
  return stdout;
}

const LOST = "usr/local/lib/onnxruntime-cpu/libonnxruntime.so";

describe("a conversion that loses files and nobody notices", () => {
  it("is noticed: the directory is compared with its image, path by path", async () => {
    project.write(`root/${LOST}`, "library");
    await done("pack", "root", "oci:image", "--platform", "linux/amd64");
    await done("unpack", "oci:image", "rootfs");
    expect(readFileSync(join(project.directory, "rootfs", LOST), "utf8")).toBe("library");
    rmSync(join(project.directory, "rootfs/usr/local/lib/onnxruntime-cpu"), { recursive: true });
    const { status, stdout, stderr } = await project.run(
      "verify",
      "rootfs",
      "--against",
      "oci:image",
    );
    expect({ status, stderr }).toMatchObject({ status: 2 });
    expect(stdout).toContain("/usr/local/lib/onnxruntime-cpu");
  });
});

describe("a link that is resolved against the host", () => {
  it("ends inside the root: what only this machine has is a finding", async () => {
    project.write("host/gcc", "#!/bin/sh\n", 0o755);
    project.write("root/usr/bin/.keep", "");
    symlinkSync(join(project.directory, "host/gcc"), join(project.directory, "root/usr/bin/cc"));
    const { status, stdout } = await project.run("verify-links", "root");
    expect(status).toBe(2);
    expect(stdout).toContain("host-only");
  });
});

describe("two layouts in one build that are taken for one", () => {
  it("are two: the base and the artifacts are layouts, each opened by its own path", async () => {
    project.write("one/first", "1");
    project.write("two/share/second", "2");
    await done("pack", "one", "oci:out/base", "--platform", "linux/riscv64");
    await done("pack", "two", "oci:out/data", "--platform", "linux/riscv64");
    const artifacts = { gcc: { directory: "gcc/${ARCH}" }, data: "oci:out/data" };
    project.write(
      "linux/oci-kit.yaml",
      configuration(project.repository, { base: "oci:out/base", artifacts }),
    );
    await done("assemble", "--arch", "riscv64");
    const listed = await done("find", "oci:out/linux-runtime/riscv64");
    expect(listed).toContain("/first");
    expect(listed).toContain("/usr/share/family/second");
  });
});

describe("a base whose configuration vanishes", () => {
  it("is inherited: environment, user and entrypoint of the base are the image's", async () => {
    project.write("one/first", "1");
    await done("pack", "one", "oci:plain", "--platform", "linux/arm64");
    const given = [
      "--env",
      "ONLY_IN_BASE=kept",
      "--user",
      "1001",
      "--entrypoint",
      '["/bin/start"]',
    ];
    await done("config", "oci:plain", "oci:base", ...given);
    project.write("linux/oci-kit.yaml", configuration(project.repository, { base: "oci:base" }));
    await done("assemble", "--arch", "arm64");
    const { document } = await project.json("inspect", "oci:out/linux-runtime/arm64");
    const text = JSON.stringify(document);
    for (const part of ["ONLY_IN_BASE=kept", '"1001"', "/bin/start"]) expect(text).toContain(part);
  });
});

describe("artifacts that are dropped at the COPY boundary", () => {
  it("are an error that names the path, and no image is made", async () => {
    rmSync(join(project.directory, "gcc/riscv64/bin"), { recursive: true });
    project.write("gcc/riscv64/other", "x");
    const { status, stderr } = await project.run("assemble", "--arch", "riscv64");
    expect(status).not.toBe(0);
    expect(stderr).toContain("/bin");
    expect(existsSync(join(project.directory, "out/linux-runtime/riscv64/index.json"))).toBe(false);
  });
});

describe("bytes of the wrong architecture that are shipped", () => {
  it("are found by what the compiler's own file says", async () => {
    const amd64 = readFileSync(join(project.directory, "gcc/amd64/bin/gcc"));
    project.write("gcc/riscv64/bin/gcc", amd64, 0o755);
    const { status, stderr } = await project.run("assemble", "--arch", "riscv64");
    const checked =
      status === 0
        ? await project.run("verify-links", "out/linux-runtime")
        : { status, stdout: stderr };
    expect(checked.status).toBe(2);
    expect(checked.stdout).toMatch(/wrong-architecture|x86|amd64/);
  });
});

describe("copies that fill the disk", () => {
  it("are not made: a retag writes no layer, and assembling leaves its layout and nothing else", async () => {
    const before = project.list();
    await done("assemble", "--arch", "amd64", "--push", "first");
    const made = project.list().filter((path) => !before.includes(path));
    expect(made.filter((path) => !path.startsWith("out/"))).toEqual([]);
    const blobs = (): readonly string[] =>
      readdirSync(join(project.directory, "../registry/blobs/sha256")).sort();
    const pushed = blobs();
    expect(pushed.length).toBeGreaterThan(2);
    await done("retag", `${project.repository}:first-amd64`, "second");
    expect(blobs()).toEqual(pushed);
  });
});

describe("failures that are swallowed", () => {
  it("are told: of a saved image that ends too early nothing is taken, and the source stays", async () => {
    project.write("root/data", Buffer.alloc(1 << 16, "x"));
    await done("pack", "root", "oci-archive:saved.tar:one", "--platform", "linux/amd64");
    const file = join(project.directory, "saved.tar");
    truncateSync(file, Math.floor(statSync(file).size / 2));
    const { status, stderr } = await project.run("copy", "oci-archive:saved.tar:one", "oci:taken");
    expect({ status, stderr }).toMatchObject({ status: 1 });
    expect(existsSync(file)).toBe(true);
    expect((await project.run("inspect", "oci:taken")).status).toBe(1);
  });
});

describe("an emulator for every foreign package", () => {
  it("is not needed: the images of all architectures are made where none can be run", async () => {
    const env = { PATH: "/nonexistent" };
    const { status, stderr } = await project.runWith({ env }, "assemble");
    expect({ status, stderr }).toMatchObject({ status: 0 });
    await done("verify-links", "out/linux-runtime");
  });
});
