// SPDX-License-Identifier: MIT
import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { configuration, createProject } from "../../../test/fixtures/project.ts";
import type { JsonRan, Project } from "../../../test/fixtures/project.ts";
import { openLayout } from "../../store/layout/layout.ts";
import { buildImage } from "../../testing/build-image.ts";

let project: Project;
let elsewhere: string;

beforeEach(async () => {
  project = await createProject();
  elsewhere = join(project.directory, "../elsewhere");
  mkdirSync(elsewhere);
});
afterEach(() => project.remove());

const LINK = "/usr/bin/cc";
const WRONG = configuration("127.0.0.1:1/family/image", {
  links: [{ path: LINK, target: "/opt/other/gcc" }],
});

describe("verify-links uses the configuration that belongs to its target:", () => {
  it("not the one of the working directory for a target elsewhere", async () => {
    await project.run("assemble", "--arch", "riscv64", "--output", `oci:${elsewhere}/out/riscv64`);
    project.write("linux/oci-kit.yaml", WRONG);
    const ran = await project.run("verify-links", elsewhere);
    expect(ran.stdout).toContain("\nconfiguration: none\n");
    expect(ran.status).toBe(0);
  });

  it("the project's own for a target in the project, from any working directory", async () => {
    await project.run("assemble", "--arch", "riscv64");
    project.write("linux/oci-kit.yaml", WRONG);
    process.chdir(elsewhere);
    for (const target of ["out", "out/linux-runtime", "oci:out/linux-runtime/riscv64"]) {
      const place = target.replace("out", `${project.directory}/out`);
      const ran = await project.run("verify-links", place);
      expect(ran.stdout).toContain(`\nconfiguration: ${project.directory}/linux/oci-kit.yaml\n`);
      expect(ran.stdout).toContain("wrong-target");
      expect(ran.status).toBe(2);
    }
  });

  it("each target's own, which the JSON document names", async () => {
    await project.run("assemble", "--arch", "riscv64");
    await project.run("assemble", "--arch", "riscv64", "--output", `oci:${elsewhere}/riscv64`);
    const ran = (await project.json("verify-links", "out", elsewhere)) as JsonRan<{
      readonly roots: readonly { readonly configuration?: string }[];
    }>;
    expect(ran.document.roots.map((root) => root.configuration)).toEqual([
      join(project.directory, "linux/oci-kit.yaml"),
      undefined,
    ]);
  });

  it("none for an image in another repository", async () => {
    await project.run("assemble", "--arch", "riscv64");
    const other = project.repository.replace("family", "other");
    for (const repository of [project.repository, other]) {
      const to = `${repository}:1`;
      expect((await project.run("copy", "oci:out/linux-runtime/riscv64", to)).status).toBe(0);
    }
    const links = [{ path: LINK, target: "/opt/other/gcc" }];
    project.write("linux/oci-kit.yaml", configuration(project.repository, { links }));
    expect((await project.run("verify-links", `${other}:1`)).status).toBe(0);
    expect((await project.run("verify-links", `${project.repository}:1`)).status).toBe(2);
    expect((await project.run("verify-links", "1")).status).toBe(2);
  });
});

describe("--config, --no-config and -C", () => {
  it("choose the configuration, before the command's name and after it", async () => {
    await project.run("assemble", "--arch", "riscv64");
    project.write("wrong.yaml", WRONG);
    const named = ["--config", "wrong.yaml"];
    const statusOf = async (...words: string[]) => (await project.run(...words)).status;
    expect(await statusOf("verify-links", "out", ...named)).toBe(2);
    expect(await statusOf(...named, "verify-links", "out")).toBe(2);
    expect(await statusOf("verify-links", "out", ...named, "--no-config")).toBe(0);
    const { stdout } = await project.run("--no-config", "verify-links", "out");
    expect(stdout).toContain("\nconfiguration: none\n");
    process.chdir("/");
    const far = ["-C", project.directory];
    expect(await statusOf("verify-links", "out", ...far, ...named)).toBe(2);
    expect(await statusOf(...far, "verify-links", "-C", "out", "linux-runtime")).toBe(0);
    expect(process.cwd()).toBe("/");
  });

  it("take the file in --config as the project's, from any directory", async () => {
    const words = ["assemble", "--arch", "riscv64", "-C", "linux", "--config", "oci-kit.yaml"];
    const { document } = (await project.json(...words)) as JsonRan<{
      readonly configuration: string;
      readonly images: readonly { readonly output: string }[];
    }>;
    expect(document.configuration).toBe(join(project.directory, "linux/oci-kit.yaml"));
    expect(document.images[0]!.output).toBe(`oci:${project.directory}/out/linux-runtime/riscv64`);
  });

  it("are refused when the file or the directory does not exist", async () => {
    for (const words of [["assemble"], ["inspect", "oci:somewhere"], ["cache"]]) {
      const file = await project.run(...words, "--config", "nowhere.yaml");
      expect(file).toMatchObject({ status: 1, stdout: "" });
      expect(file.stderr).toContain(
        words[0] === "cache"
          ? "unknown option '--config'"
          : '--config "nowhere.yaml": expected an oci-kit.yaml, got nothing there',
      );
    }
    const place = await project.run("tags", "-C", "nowhere");
    expect(place).toMatchObject({ status: 1, stdout: "" });
    expect(place.stderr).toContain("nowhere");
  });

  it("make a bare tag an error with --no-config, because it has no repository", async () => {
    const { status, stderr } = await project.run("inspect", "latest", "--no-config");
    expect(stderr).toContain('"latest": a bare word is a tag of the configured repository');
    expect(status).toBe(1);
  });
});

describe("--set", () => {
  it.each([
    ["assemble", ["assemble", "--arch", "riscv64"]],
    ["verify-links", ["verify-links", "out"]],
  ])(
    "is refused by %s when its variable is not in the configuration, or when there is none",
    async (_, words) => {
      await project.run("assemble", "--arch", "riscv64");
      const typo = await project.run(...words, "--set", "GCC_VERSON=1");
      expect(typo.stderr).toContain('got "GCC_VERSON", which is nowhere in it');
      expect(typo.status).toBe(1);
      const none = await project.run(...words, "--set", "GCC_VERSION=1", "--no-config");
      expect(none.stderr).toContain("--set: expected");
      expect(none.status).toBe(1);
    },
  );
});

describe("assemble with --base, --artifact, --copy and --output", () => {
  const ALONE = [
    "--base",
    "oci:base",
    "--artifact",
    "dir:gcc/riscv64",
    "--copy",
    "/bin:/opt/gcc/bin",
  ];
  const OUT = ["--output", "oci:own"];

  beforeEach(async () => {
    const store = await openLayout("base", { create: true });
    const platform = { os: "linux", architecture: "riscv64" };
    await buildImage(store, { platform, layers: [{ "etc/": "" }], tag: "latest" });
  });

  it("takes neither layers nor architectures from a configuration nearby", async () => {
    const { status, stdout } = await project.run("assemble", "--arch", "riscv64", ...ALONE, ...OUT);
    expect(stdout).toContain("\nconfiguration: none\n");
    expect(status).toBe(0);
    const { document } = await project.json("inspect", "oci:own");
    expect(document).toMatchObject({ manifest: { layers: [{}, {}] } });
    const unsaid = await project.run("assemble", ...ALONE, ...OUT);
    expect(unsaid.stderr).toContain("--arch: expected an architecture");
  });

  it("overrides --config, with a warning", async () => {
    const named = ["--config", "linux/oci-kit.yaml"];
    const words = ["assemble", "--arch", "riscv64", ...ALONE, ...OUT];
    const { status, stderr } = await project.run(...words, ...named);
    expect(stderr).toBe(
      "oci-kit: --config linux/oci-kit.yaml does not count: --base, --artifact, --copy and --output say everything\n",
    );
    expect(status).toBe(0);
  });

  it("combines the configuration with the flags when one of the four is missing", async () => {
    const named = ["--artifact", "data=dir:data", "--copy", "gcc=/bin:/opt/again"];
    const words = ["--arch", "riscv64", "--base", "oci:base", ...named];
    expect((await project.run("assemble", ...words)).status).toBe(0);
    const { document } = await project.json("inspect", "oci:out/linux-runtime/riscv64");
    expect(document).toMatchObject({ manifest: { layers: [{}, {}, {}, {}, {}] } });
  });

  it("still resolves a bare tag in the configured repository, but refuses --push", async () => {
    await project.run("copy", "oci:base", `${project.repository}:base`);
    const alone = ALONE.map((word) => (word === "oci:base" ? "base" : word));
    const words = ["assemble", "--arch", "riscv64", ...alone, ...OUT];
    expect((await project.run(...words)).status).toBe(0);
    const before = project.list();
    const pushed = await project.run(...words, "--push");
    expect(pushed.stderr).toContain("--push: expected");
    expect(project.list()).toEqual(before);
  });
});

describe("manifest push", () => {
  it("does not require the configured architectures in another repository, and says so", async () => {
    const other = project.repository.replace("family", "other");
    await project.run("assemble");
    rmSync("out/linux-runtime/arm64", { recursive: true });
    const own = await project.run("manifest", "push", "latest");
    expect(own.stderr).toContain("arm64 is missing");
    expect(own.status).toBe(2);
    const words = ["manifest", "push", `${other}:latest`];
    const held = await project.run(...words, "--config", "linux/oci-kit.yaml");
    expect(held.stderr).toContain("arm64 is missing");
    expect(held.status).toBe(2);
    const pushed = await project.run(...words);
    expect(pushed.stdout).toContain(
      "\nconfiguration: linux/oci-kit.yaml, whose architectures are not asked for here\n",
    );
    expect(pushed.status).toBe(0);
    const from = ["--from", "oci:out/linux-runtime/riscv64", "--force", "dropped-platform"];
    const named = await project.run(...words, ...from);
    expect(named.stdout).toContain("\nconfiguration: none\n");
    expect(named.status).toBe(0);
    const nothing = await project.run(...words, "--no-config");
    expect(nothing.stderr).toContain("expected images to push");
    expect(nothing.stderr).toContain("--config linux/oci-kit.yaml");
    expect(nothing.status).toBe(1);
  });

  it("requires the configured architectures in a layout of the project, but not in a layout elsewhere", async () => {
    await project.run("assemble");
    rmSync("out/linux-runtime/arm64", { recursive: true });
    expect((await project.run("manifest", "push", "oci:index:latest")).status).toBe(2);
    const from = ["--from", "oci:out/linux-runtime/riscv64"];
    const words = ["manifest", "push", `oci:${elsewhere}:latest`, ...from];
    expect((await project.run(...words)).status).toBe(0);
  });

  it("suggests --run-id when the images are of different generations", async () => {
    for (const [at, name] of ["amd64", "arm64", "riscv64"].entries()) {
      await project.run("assemble", "--arch", name, "--run-id", String(at));
    }
    const { status, stderr } = await project.run("manifest", "push", "latest");
    expect(stderr).toContain("mixed-generations");
    expect(stderr).toMatch(/try: .*--run-id/);
    expect(status).toBe(2);
  });
});
