// SPDX-License-Identifier: MIT
import { mkdirSync, rmSync } from "node:fs";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { damageLayer } from "../../../test/fixtures/damage.ts";
import { elf } from "../../../test/fixtures/layers.ts";
import { configuration, createProject } from "../../../test/fixtures/project.ts";
import type { JsonRan, Project } from "../../../test/fixtures/project.ts";
import { shortDigest } from "../../oci/digest.ts";

interface Verified {
  readonly ok: boolean;
  readonly roots: readonly {
    readonly name: string;
    readonly architecture: string;
    readonly ok: boolean;
    readonly chains: readonly { readonly path: string; readonly target: string }[];
    readonly findings: readonly { readonly code: string; readonly path: string }[];
  }[];
}

let project: Project;

beforeEach(async () => {
  project = await createProject();
});
afterEach(() => project.remove());

/** Assembles riscv64 with a link to `target` instead of the configured link. */
async function assembleWithLink(target: string): Promise<void> {
  const layers = [
    { name: "gcc", steps: [{ copy: "/bin", from: "gcc", to: "/opt/gcc/bin" }] },
    { name: "links", steps: [{ link: "/usr/bin/cc", target }] },
  ];
  project.write("linux/oci-kit.yaml", configuration(project.repository, { layers }));
  expect((await project.run("assemble", "--arch", "riscv64")).status).toBe(0);
}

describe("verify-links", () => {
  it("shows every link of every architecture hop by hop and exits with 0", async () => {
    await project.run("assemble");
    const { status, stdout, stderr } = await project.run("verify-links", "out/linux-runtime");
    expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
    for (const name of ["amd64", "arm64", "riscv64"]) {
      expect(stdout).toMatch(
        new RegExp(
          `^oci:out/linux-runtime/${name}@sha256:[0-9a-f]{12} \\(${name}\\)\\n` +
            `  ✓ /usr/bin/cc -> /opt/gcc/bin/gcc \\[ELF ${name}\\]$`,
          "m",
        ),
      );
    }
    expect(stdout).toMatch(
      /\n3 links checked in 3 roots: all hold\nconfiguration: linux\/oci-kit.yaml\n$/,
    );
  });

  it("takes the bare name of a directory, a layout, or a tag of the configured repository", async () => {
    await project.run("assemble");
    await project.run("manifest", "push", "latest-cross");
    for (const target of ["out", "oci:out/linux-runtime/riscv64", "latest-cross"]) {
      expect(await project.run("verify-links", target)).toMatchObject({ status: 0, stderr: "" });
    }
  });

  it("prints the same facts as JSON", async () => {
    await project.run("assemble", "--arch", "riscv64");
    const { document } = (await project.json("verify-links", "out")) as JsonRan<Verified>;
    expect(document.ok).toBe(true);
    expect(document.roots).toMatchObject([
      { architecture: "riscv64", ok: true, chains: [{ target: "/opt/gcc/bin/gcc" }] },
    ]);
  });
});

describe("verify-links exits with 2 and names", () => {
  async function expectFinding(code: string, text: string, ...words: string[]): Promise<void> {
    const { status, stdout, stderr } = await project.run("verify-links", "out", ...words);
    expect(stdout).toContain(`✗ ${code}: `);
    expect(stdout).toContain(text);
    expect({ status, stderr }).toEqual({ status: 2, stderr: "" });
    const programs = (await project.json("verify-links", "out", ...words)) as JsonRan<Verified>;
    expect(programs.status).toBe(2);
    expect(programs.document.ok).toBe(false);
    const codes = programs.document.roots.flatMap(({ findings }) =>
      findings.map((one) => one.code),
    );
    expect(codes).toContain(code);
  }

  it("a link that ends elsewhere than the configuration says", async () => {
    project.write("gcc/riscv64/bin/clang", elf("riscv64"), 0o755);
    await assembleWithLink("/opt/gcc/bin/clang");
    await expectFinding("wrong-target", "/usr/bin/cc");
  });

  it("a link that ends elsewhere than --expect says", async () => {
    await project.run("assemble", "--arch", "riscv64");
    await expectFinding("wrong-target", "/opt/other/gcc", "--expect", "/usr/bin/cc=/opt/other/gcc");
  });

  it("a compiler of another architecture", async () => {
    project.write("gcc/riscv64/bin/gcc", elf("amd64"), 0o755);
    await project.run("assemble", "--arch", "riscv64");
    await expectFinding("wrong-architecture", "riscv64");
  });

  it("a link that resolves only on this machine", async () => {
    await assembleWithLink(process.execPath);
    await expectFinding("host-only", process.execPath);
  });

  it("a link that leads nowhere", async () => {
    await assembleWithLink("/opt/nowhere/gcc");
    await expectFinding("dangling", "/opt/nowhere/gcc");
  });

  it("an image in a directory named after another architecture", async () => {
    await project.run("assemble", "--arch", "riscv64", "--output", "oci:out/arm64");
    await expectFinding("wrong-architecture", "arm64");
  });
});

describe("the links of the configuration", () => {
  function configure(more: Readonly<Record<string, unknown>>): void {
    const links = [{ path: "/usr/bin/cc", target: "/opt/gcc-${ARCH}/gcc" }];
    project.write("linux/oci-kit.yaml", configuration(project.repository, { links, ...more }));
  }

  it("that differ by architecture are not left out for a root that names none: it has to be named", async () => {
    configure({});
    project.write("plain/rootfs/usr/bin/cc", elf("riscv64"), 0o755);
    const { status, stderr } = await project.run("verify-links", "plain");
    expect(status).toBe(1);
    expect(stderr).toContain("oci-kit.yaml: links differ by architecture");
    expect(stderr).toContain("--arch");
    const named = await project.run("verify-links", "plain", "--arch", "riscv64");
    expect(named.status).toBe(2);
    expect(named.stdout).toContain("expected /opt/gcc-riscv64/gcc");
  });

  it("say nothing of an architecture that is not listed, which is told", async () => {
    await project.run("assemble", "--arch", "riscv64");
    configure({ architectures: ["amd64"] });
    const { status, stderr } = await project.run("verify-links", "out");
    expect(status).toBe(0);
    expect(stderr).toContain("oci-kit.yaml does not list riscv64: its links were not asked");
  });
});

describe("verify-links exits with 1", () => {
  it("when no root filesystem is found", async () => {
    mkdirSync("out");
    const { status, stderr } = await project.run("verify-links", "out");
    expect(stderr).toContain("expected a root filesystem, got none");
    expect(status).toBe(1);
  });

  it("when it finds a root filesystem but no link to check", async () => {
    const layers = [{ name: "data", steps: [{ copy: "/share", from: "data" }] }];
    const more = { layers, links: [] };
    project.write("linux/oci-kit.yaml", configuration(project.repository, more));
    await project.run("assemble", "--arch", "riscv64");
    const { status, stdout } = await project.run("verify-links", "out");
    expect(stdout).toContain("nothing to check");
    expect(status).toBe(1);
    expect((await project.json("verify-links", "out")).document).toMatchObject({ ok: false });
  });

  it("when a layer is damaged, naming it", async () => {
    await project.run("assemble", "--arch", "riscv64");
    const damaged = damageLayer("out/linux-runtime/riscv64");
    const { status, stderr } = await project.run("verify-links", "out/linux-runtime");
    expect(stderr).toContain("oci:out/linux-runtime/riscv64");
    expect(stderr).toContain(shortDigest(damaged));
    expect(status).toBe(1);
  });

  it("when a layer is damaged after an earlier run read it intact", async () => {
    await project.run("assemble", "--arch", "riscv64");
    expect((await project.run("verify-links", "out")).status).toBe(0);
    const damaged = damageLayer("out/linux-runtime/riscv64");
    const { status, stderr } = await project.run("verify-links", "out");
    expect(stderr).toContain(shortDigest(damaged));
    expect(status).toBe(1);
  });

  it("when a blob is missing, naming it", async () => {
    await project.run("assemble", "--arch", "riscv64");
    await project.run("verify-links", "out");
    rmSync("out/linux-runtime/riscv64/blobs", { recursive: true });
    const { status, stderr } = await project.run("verify-links", "out");
    expect(stderr).toContain("out/linux-runtime/riscv64");
    expect(status).toBe(1);
  });
});
