// SPDX-License-Identifier: MIT
import * as fs from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { sourceOf } from "../bytes/bytes.ts";
import { makeIndex } from "../image/index-document.ts";
import { parsePlatform } from "../oci/platform.ts";
import { openLayout } from "../store/layout/layout.ts";
import { elf, makeImage, program, symlink } from "../../test/fixtures/layers.ts";
import { findRootFilesystems } from "./find-root-filesystems.ts";
import { judgeReports, type LinkReport } from "./link-report.ts";
import { verifyRoots } from "./verify-roots.ts";

let base: string;

beforeEach(() => {
  base = fs.mkdtempSync(join(tmpdir(), "roots-"));
});

afterEach(() => {
  fs.rmSync(base, { recursive: true, force: true });
});

type Arch = "amd64" | "arm64" | "riscv64";

function write(path: string, content: string | Uint8Array, mode = 0o644): void {
  fs.mkdirSync(dirname(join(base, path)), { recursive: true });
  fs.writeFileSync(join(base, path), content, { mode });
}

function link(path: string, target: string): void {
  fs.mkdirSync(dirname(join(base, path)), { recursive: true });
  fs.symlinkSync(target, join(base, path));
}

/** A plain root filesystem with a compiler. */
function writeRoot(path: string, arch: Arch): void {
  write(`${path}/opt/gcc/bin/gcc`, elf(arch), 0o755);
  link(`${path}/usr/bin/cc`, "/etc/alternatives/cc");
  link(`${path}/etc/alternatives/cc`, "/opt/gcc/bin/gcc");
}

/** A layout with an image for each architecture, as one root each. */
async function writeLayout(path: string, ...architectures: Arch[]): Promise<void> {
  const store = await openLayout(join(base, path), { create: true });
  for (const architecture of architectures) {
    const layer = [program("opt/gcc", elf(architecture)), symlink("usr/bin/cc", "/opt/gcc")];
    await makeImage([layer], { store, architecture, tag: architecture });
  }
}

function errorsOf(reports: readonly LinkReport[]): string[] {
  return reports.flatMap(({ findings }) =>
    findings
      .filter(({ severity }) => severity === "error")
      .map(({ code, path }) => `${code} ${path}`),
  );
}

const verify = (path: string, options = {}): Promise<readonly LinkReport[]> =>
  verifyRoots([join(base, path)], options);

describe("finding root filesystems", () => {
  it("finds layouts and `rootfs` directories, in the order of their paths", async () => {
    writeRoot("out/arm64/rootfs", "arm64");
    write("out/arm64/artifact.env", "SOURCE_IMAGE=x\nTARGET_ARCH=arm64\n");
    await writeLayout("out/amd64", "amd64");
    await writeLayout("out/z-all", "amd64", "riscv64");
    writeRoot("out/b/c/package-riscv64/rootfs", "riscv64");
    write("out/b/notes.txt", "");
    link("out/linked", join(base, "out/amd64"));
    const found = await findRootFilesystems(join(base, "out"));
    const places = found.map(({ location }) =>
      location.kind === "oci" || location.kind === "dir"
        ? location.directory.slice(base.length)
        : "?",
    );
    expect(places).toEqual([
      "/out/amd64",
      "/out/arm64/rootfs",
      "/out/b/c/package-riscv64/rootfs",
      "/out/z-all",
      "/out/z-all",
    ]);
    expect(found.map(({ claims }) => claims.map(({ architecture }) => architecture))).toEqual([
      ["amd64"],
      ["arm64", "arm64"],
      ["riscv64"],
      [],
      [],
    ]);
  });

  it("finds the path itself when it looks like a root, and nothing inside it", async () => {
    writeRoot("image", "amd64");
    writeRoot("image/srv/rootfs", "arm64");
    const found = await findRootFilesystems(join(base, "image"));
    expect(found.map(({ location }) => location)).toEqual([
      { kind: "dir", directory: join(base, "image") },
    ]);
  });

  it("finds nothing in an empty directory, and refuses a missing one", async () => {
    fs.mkdirSync(join(base, "a/b"), { recursive: true });
    write("a/file", "");
    expect(await findRootFilesystems(join(base, "a"))).toEqual([]);
    for (const path of ["no", "a/file"]) {
      const finding = findRootFilesystems(join(base, path));
      await expect(finding).rejects.toMatchObject({ code: "not-found" });
    }
  });

  it("fails for a directory that can't be read, instead of taking it for empty", async () => {
    fs.mkdirSync(join(base, "a/shut"), { recursive: true });
    fs.chmodSync(join(base, "a/shut"), 0);
    const finding = findRootFilesystems(join(base, "a"));
    // The superuser may read everything.
    if (process.getuid?.() === 0) expect(await finding).toEqual([]);
    else await expect(finding).rejects.toMatchObject({ code: "unreadable" });
    fs.chmodSync(join(base, "a/shut"), 0o700);
  });
});

describe("verifying what a target names", () => {
  it("verifies directories and images alike", async () => {
    writeRoot("out/arm64/rootfs", "arm64");
    await writeLayout("out/amd64", "amd64");
    const reports = await verify("out");
    expect(reports.map(({ architecture, ok, checked }) => [architecture, ok, checked])).toEqual([
      ["amd64", true, 1],
      ["arm64", true, 1],
    ]);
    expect(judgeReports(reports)).toBe("holds");
  });

  it("checks an image against its configuration, and both against the directory's name", async () => {
    await writeLayout("out/arm64", "amd64");
    const reports = await verify("out");
    expect(errorsOf(reports)).toEqual(["wrong-architecture /"]);
    expect(reports[0]?.findings[0]?.message).toBe(
      `/: expected amd64 (the image's configuration), got arm64 (the directory's name "arm64")`,
    );
    expect(judgeReports(reports)).toBe("wrong");
  });

  it("checks a directory against its artifact.env, and that against the directory's name", async () => {
    writeRoot("out/arm64/rootfs", "arm64");
    write("out/arm64/artifact.env", 'export TARGET_ARCH="riscv64"\n');
    expect(errorsOf(await verify("out"))).toEqual([
      "wrong-architecture /",
      "wrong-architecture /usr/bin/cc",
    ]);
  });

  it("checks everything against the architecture that was asked for", async () => {
    writeRoot("rootfs", "amd64");
    expect(errorsOf(await verify("rootfs", { architecture: "x86_64" }))).toEqual([]);
    const reports = await verify("rootfs", { architecture: "arm64" });
    expect(errorsOf(reports)).toEqual(["wrong-architecture /usr/bin/cc"]);
  });

  it("checks the expected links of each architecture", async () => {
    await writeLayout("out", "amd64", "riscv64");
    const asked: (string | undefined)[] = [];
    const expectLinks = (architecture: string | undefined): { path: string; target: string }[] => {
      asked.push(architecture);
      return architecture === "riscv64" ? [{ path: "/usr/bin/cc", target: "/usr/bin/other" }] : [];
    };
    const reports = await verify("out", { expect: expectLinks });
    expect(asked).toEqual(["amd64", "riscv64"]);
    expect(errorsOf(reports)).toEqual(["wrong-target /usr/bin/cc"]);
  });

  it("verifies every image of an index, or the one of the platform", async () => {
    const store = await openLayout(join(base, "layout"), { create: true });
    const children = [];
    for (const architecture of ["amd64", "arm64"] as const) {
      const pieces = [program("usr/bin/cc", elf("amd64"))];
      const image = await makeImage([pieces], { store, architecture });
      children.push({ ...image.descriptor, platform: parsePlatform(architecture) });
    }
    const index = makeIndex(children);
    await store.push(index.descriptor, sourceOf(index.bytes));
    await store.tag(index.descriptor, "all");
    const reference = `oci:${join(base, "layout")}:all`;
    const reports = await verifyRoots([reference]);
    expect(reports.map(({ ok }) => ok)).toEqual([true, false]);
    const platform = parsePlatform("amd64");
    expect((await verifyRoots([reference], { platform })).map(({ ok }) => ok)).toEqual([true]);
  });

  it("fails without any root, and is undecided when a root has no links", async () => {
    fs.mkdirSync(join(base, "empty"));
    await expect(verify("empty")).rejects.toMatchObject({ code: "nothing-to-check" });
    write("rootfs/etc/passwd", "");
    const reports = await verify("rootfs");
    expect(reports[0]).toMatchObject({ ok: true, checked: 0 });
    expect(judgeReports(reports)).toBe("nothing-to-check");
    expect(judgeReports([])).toBe("nothing-to-check");
  });
});

describe("a machine that has another compiler at the same path", () => {
  it("is not used when the root has its own", async () => {
    writeRoot("rootfs", "riscv64");
    const [report] = await verify("rootfs");
    expect(report).toMatchObject({ ok: true, architecture: "riscv64" });
  });

  it("does not make up for a compiler that the root lacks: the link is host-only", async () => {
    write("host/opt/gcc/bin/gcc", elf("amd64"), 0o755);
    writeRoot("arm64/rootfs", "arm64");
    fs.rmSync(join(base, "arm64/rootfs/etc/alternatives/cc"));
    link("arm64/rootfs/etc/alternatives/cc", join(base, "host/opt/gcc/bin/gcc"));
    const reports = await verify("arm64");
    expect(errorsOf(reports)).toEqual(["host-only /usr/bin/cc"]);
    expect(reports[0]?.findings[0]?.message).toContain("only this machine has it");
  });

  it("is kept apart from the root: a link to a program that only this machine has is reported", async () => {
    write("rootfs/etc/passwd", "");
    link("rootfs/usr/bin/cc", process.execPath);
    expect(errorsOf(await verify("rootfs"))).toEqual(["host-only /usr/bin/cc"]);
  });
});

it("can't hide a damaged layer, which is an error and not a report", async () => {
  await writeLayout("out", "amd64");
  const blobs = join(base, "out/blobs/sha256");
  for (const name of fs.readdirSync(blobs)) {
    const blob = fs.readFileSync(join(blobs, name));
    if (blob[0] !== 0x1f) continue;
    blob[20] = blob[20]! ^ 0xff;
    fs.chmodSync(join(blobs, name), 0o644);
    fs.writeFileSync(join(blobs, name), blob);
  }
  await expect(verify("out")).rejects.toMatchObject({
    code: expect.stringMatching(
      /digest-mismatch|invalid-compression|truncated|diff-id-mismatch/,
    ) as string,
  });
});
