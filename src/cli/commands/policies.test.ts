// SPDX-License-Identifier: MIT
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { configuration, createProject } from "../../../test/fixtures/project.ts";
import type { JsonRan, Project } from "../../../test/fixtures/project.ts";

interface Finding {
  readonly code: string;
  readonly severity: string;
  readonly policy?: string;
  readonly path?: string;
  readonly layer?: { readonly number: number };
}
interface Told {
  readonly ok: boolean;
  readonly images: readonly { readonly findings: readonly Finding[] }[];
  readonly references: readonly Told[];
  readonly configurations: readonly string[];
}

let project: Project;

beforeEach(async () => {
  project = await createProject();
  expect((await project.run("assemble")).status).toBe(0);
});
afterEach(() => project.remove());

const FORBIDDEN = [{ name: "no-readme", absent: ["/usr/share/family/readme"] }];
const PUSH = ["manifest", "push", "latest-cross"] as const;

function configure(more: Readonly<Record<string, unknown>>): void {
  project.write("linux/oci-kit.yaml", configuration(project.repository, more));
}

const registry = (): readonly string[] => project.list("../registry");

describe("verify with an oci-kit.yaml", () => {
  it("asks the policies of the one that is found from the path, of every layout below it", async () => {
    configure({ policies: FORBIDDEN });
    process.chdir("/");
    const place = join(project.directory, "out/linux-runtime");
    const { status, document } = (await project.json("verify", place)) as JsonRan<Told>;
    expect(status).toBe(2);
    expect(document.configurations).toEqual([join(project.directory, "linux/oci-kit.yaml")]);
    expect(document.references).toHaveLength(3);
    for (const { images } of document.references) {
      expect(images[0]!.findings).toMatchObject([
        {
          ...{ code: "path-forbidden", severity: "error", policy: "no-readme" },
          ...{ path: "/usr/share/family/readme", layer: { number: 1 } },
        },
      ]);
    }
    expect((await project.run("verify", place, "--no-config")).status).toBe(0);
  });

  it("says which policy, which file, and how to do without it", async () => {
    configure({ policies: FORBIDDEN });
    const { stdout } = await project.run("verify", "oci:out/linux-runtime/riscv64");
    expect(stdout).toContain(
      "  error  no-readme: path-forbidden  /usr/share/family/readme: is there",
    );
    expect(stdout).toContain(
      "configuration: linux/oci-kit.yaml (its policies and links counted; --no-config: without them)",
    );
  });

  it("sets variables by --set, and takes several references", async () => {
    configure({
      policies: [{ name: "one", absent: ["/usr/share/${NAME}"] }],
      variables: { NAME: "x" },
    });
    const both = ["oci:out/linux-runtime/riscv64", "oci:out/linux-runtime/amd64"];
    expect((await project.run("verify", ...both)).status).toBe(0);
    expect((await project.run("verify", ...both, "--set", "NAME=family")).status).toBe(2);
    const wrong = await project.run("verify", ...both, "--set", "NAEM=family");
    expect(wrong.stderr).toContain("--set: expected a variable of linux/oci-kit.yaml");
    expect(wrong.status).toBe(1);
  });

  it("compares the architectures with one another", async () => {
    configure({
      policies: [{ name: "parity", parity: ["/opt/*/bin/*"] }],
      layers: [
        { name: "gcc", steps: [{ copy: "/bin", from: "gcc", to: "/opt/gcc/bin" }] },
        {
          name: "more",
          arch: ["amd64"],
          steps: [{ file: "/opt/gcc/bin/cmake", content: "#!/opt/gcc/bin/gcc\n", mode: "0755" }],
        },
      ],
      links: [],
    });
    expect((await project.run("assemble")).status).toBe(0);
    const { stdout, status } = await project.run("verify", "out/linux-runtime");
    expect(status).toBe(2);
    expect(
      stdout.match(/is there for linux\/amd64, and not for linux\/(arm64|riscv64)/g),
    ).toHaveLength(2);
  });

  it("leaves no policy that differs by architecture out for a directory that names none: it has to be named", async () => {
    configure({ policies: [...FORBIDDEN, { name: "sysroot", absent: ["/opt/sysroot-${ARCH}"] }] });
    project.write("plain/rootfs/usr/bin/tool", "#!/bin/sh\n", 0o755);
    project.write("plain/rootfs/bin/sh", "", 0o755);
    project.write("plain/rootfs/opt/sysroot-riscv64", "");
    for (const subject of ["plain", "dir:plain/rootfs"]) {
      const { status, stdout, stderr } = await project.run("verify", subject);
      expect({ status, stdout }).toEqual({ status: 1, stdout: "" });
      expect(stderr).toContain("oci-kit.yaml: policy sysroot differs by architecture: expected");
      expect(stderr).toContain("--platform");
      const named = await project.run("verify", subject, "--platform", "linux/riscv64");
      expect(named.status).toBe(2);
      expect(named.stdout).toContain("/opt/sysroot-riscv64");
      expect((await project.run("verify", subject, "--no-config")).status).toBe(0);
    }
  });

  it("notes an architecture that the file does not list", async () => {
    configure({ policies: FORBIDDEN, architectures: ["amd64"] });
    const ran = (await project.json("verify", "oci:out/linux-runtime/riscv64")) as JsonRan<Told>;
    expect(ran.status).toBe(0);
    expect(ran.document.images[0]!.findings).toMatchObject([
      { code: "no-policies", severity: "note" },
    ]);
  });

  it("names a path that is not there, and one without any image", async () => {
    const gone = await project.run("verify", "./gone");
    expect(gone).toMatchObject({ status: 1, stdout: "" });
    expect(gone.stderr).toContain(
      "./gone: expected a directory with root filesystems, got nothing",
    );
    const empty = await project.run("verify", "data");
    expect(empty).toMatchObject({ status: 1, stdout: "" });
    expect(empty.stderr).toContain("expected images or root filesystems, got none");
  });
});

describe("manifest push looks into the images first, and", () => {
  it("refuses one that breaks a policy: exit 2, nothing is sent", async () => {
    configure({ policies: FORBIDDEN });
    const before = registry();
    const { status, stdout, stderr } = await project.run(...PUSH);
    expect({ status, stdout }).toEqual({ status: 2, stdout: "" });
    expect(stderr).toContain(
      "riscv64: no-readme: path-forbidden: /usr/share/family/readme: is there",
    );
    expect(registry()).toEqual(before);
    expect((await project.run(...PUSH, "--dry-run")).status).toBe(2);
    expect(registry()).toEqual(before);
    expect((await project.run(...PUSH, "--force", "verify")).status).toBe(0);
  });

  it("refuses one that would not start, without any policy", async () => {
    configure({ config: { entrypoint: ["/opt/gone"] }, policies: [] });
    expect((await project.run("assemble")).status).toBe(0);
    const { status, stderr } = await project.run(...PUSH);
    expect(status).toBe(2);
    expect(stderr).toContain("command-missing: /opt/gone");
  });

  it("pushes what only notes are told of", async () => {
    configure({ policies: FORBIDDEN.map((policy) => ({ ...policy, severity: "note" })) });
    expect(await project.run(...PUSH)).toMatchObject({ status: 0, stderr: "" });
  });

  it("remembers what passed, until the rules or the images are others", async () => {
    const verdicts = (): readonly string[] =>
      readdirSync("../cache/verdicts").filter((name) => name.startsWith("v"));
    expect((await project.run(...PUSH)).status).toBe(0);
    expect(verdicts()).toHaveLength(1);
    expect((await project.run(...PUSH)).status).toBe(0);
    expect(verdicts()).toHaveLength(1);
    configure({ policies: FORBIDDEN });
    expect((await project.run(...PUSH)).status).toBe(2);
    expect(verdicts()).toHaveLength(1);
    configure({ policies: [{ name: "other", absent: ["/nothing"] }] });
    expect((await project.run(...PUSH)).status).toBe(0);
    expect(verdicts()).toHaveLength(2);
  });
});

describe("assemble --push looks into the image first, and", () => {
  const ASSEMBLE = ["assemble", "--arch", "riscv64", "--push"] as const;

  it("refuses one that breaks a policy: exit 2, nothing is sent", async () => {
    configure({ policies: FORBIDDEN });
    const before = registry();
    const { status, stderr } = await project.run(...ASSEMBLE);
    expect(status).toBe(2);
    expect(stderr).toContain("not pushed");
    expect(stderr).toMatch(
      /verify: .*riscv64: no-readme: path-forbidden: \/usr\/share\/family\/readme/,
    );
    expect(stderr).toContain("--force verify");
    expect(registry()).toEqual(before);
  });

  it("pushes it all the same with --force-push verify, and pushes what passes", async () => {
    expect((await project.run(...ASSEMBLE)).status).toBe(0);
    configure({ policies: FORBIDDEN });
    expect((await project.run(...ASSEMBLE, "--force-push", "verify")).status).toBe(0);
  });
});
