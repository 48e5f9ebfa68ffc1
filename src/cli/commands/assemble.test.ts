// SPDX-License-Identifier: MIT
import { rmSync } from "node:fs";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { ARCHITECTURES, configuration, createProject } from "../../../test/fixtures/project.ts";
import type { JsonRan, Project } from "../../../test/fixtures/project.ts";
import { damageLayer } from "../../../test/fixtures/damage.ts";
import { shortDigest } from "../../oci/digest.ts";
import { openLayout } from "../../store/layout/layout.ts";
import { buildImage } from "../../testing/build-image.ts";

interface Assembled {
  readonly images: readonly {
    readonly architecture: string;
    readonly output: string;
    readonly digest: string;
    readonly changed: boolean;
    readonly runId: string;
    readonly layers: readonly { readonly name: string; readonly reused: boolean }[];
    readonly warnings: readonly object[];
    readonly pushed?: string;
  }[];
  readonly dryRun: boolean;
}

let project: Project;

beforeEach(async () => {
  project = await createProject();
});
afterEach(() => project.remove());

async function assemble(...words: string[]): Promise<Assembled["images"]> {
  const ran = (await project.json("assemble", ...words)) as JsonRan<Assembled>;
  expect(ran).toMatchObject({ status: 0 });
  return ran.document.images;
}

describe("assemble", () => {
  it("makes the image of one architecture, and says the second time that there is nothing to do", async () => {
    const first = await project.run("assemble", "--arch", "riscv64");
    expect(first).toMatchObject({ status: 0, stderr: "" });
    expect(first.stdout).toMatch(/^riscv64: out\/linux-runtime\/riscv64 sha256:[0-9a-f]{64}, run /);
    const made = project.list();
    const second = await project.run("assemble", "--arch", "riscv64");
    expect(second).toMatchObject({ status: 0, stderr: "" });
    expect(second.stdout).toMatch(
      /^riscv64: out\/linux-runtime\/riscv64 is up to date, nothing to do \(sha256:[0-9a-f]{64}\)\nconfiguration: linux\/oci-kit\.yaml\n$/,
    );
    expect(project.list()).toEqual(made);
  });

  it("makes the images of all architectures when no --arch is given", async () => {
    const images = await assemble();
    expect(images.map(({ architecture, output }) => [architecture, output])).toEqual(
      ARCHITECTURES.map((name) => [name, `oci:out/linux-runtime/${name}`]),
    );
    expect((await assemble()).map(({ changed }) => changed)).toEqual([false, false, false]);
  });

  it("makes the same generation in three runs, one for each architecture, as in a single run", async () => {
    const apart = [];
    for (const name of ARCHITECTURES) apart.push(...(await assemble("--arch", name)));
    expect(new Set(apart.map(({ runId }) => runId)).size).toBe(1);
    rmSync("out", { recursive: true });
    expect((await assemble()).map(({ digest }) => digest)).toEqual(
      apart.map(({ digest }) => digest),
    );
  });

  it("writes only the layer of an artifact in which a file changed", async () => {
    await assemble();
    project.write("data/share/readme", "changed");
    for (const { changed, layers } of await assemble()) {
      expect(changed).toBe(true);
      expect(layers.map(({ name, reused }) => [name, reused])).toEqual([
        ["gcc", true],
        ["data", false],
        ["links", true],
      ]);
    }
  });

  it("finds the configuration from a subdirectory and writes relative to the project", async () => {
    process.chdir("data/share");
    const { status, stdout } = await project.run("assemble", "--arch", "amd64");
    expect(status).toBe(0);
    expect(stdout).toContain(`${project.directory}/out/linux-runtime/amd64`);
  });

  it("with --dry-run says what each layer would hold, and writes nothing", async () => {
    const before = project.list();
    const { status, stdout } = await project.run("assemble", "--arch", "arm64", "--dry-run");
    expect(status).toBe(0);
    expect(stdout).toContain("arm64: would assemble out/linux-runtime/arm64\n  layer gcc: ");
    expect(stdout).toMatch(/ file +64 B +\/opt\/gcc\/bin\/gcc\n/);
    expect(project.list()).toEqual(before);
  });

  it("takes everything from flags when there is no configuration", async () => {
    rmSync("linux", { recursive: true });
    const words = ["--arch", "amd64,arm64", "--base", "scratch", "--artifact", "dir:gcc/${ARCH}"];
    const steps = ["--copy", "/bin:/opt/gcc/bin", "--link", "/usr/bin/cc=/opt/gcc/bin/gcc"];
    const env = ["--env", "PATH=/usr/bin", "--output", "oci:images/${ARCH}"];
    const images = await assemble(...words, ...steps, ...env);
    expect(images.map(({ output }) => output)).toEqual(["oci:images/amd64", "oci:images/arm64"]);
    expect((await project.run("verify-links", "images")).status).toBe(0);
  });

  it("with --dry-run says which layers are unchanged or that nothing is to do, and with --force counts every layer as new", async () => {
    const dry = ["assemble", "--arch", "riscv64", "--dry-run"];
    await assemble("--arch", "riscv64");
    const before = project.list();
    expect((await project.run(...dry)).stdout).toContain(
      "riscv64: out/linux-runtime/riscv64 is up to date, nothing to do\n",
    );
    expect((await project.run(...dry, "--force")).stdout).toContain(
      "  layer gcc: 4 entries, 64 B\n",
    );
    project.write("data/share/readme", "changed");
    const { stdout } = await project.run(...dry);
    expect(stdout).toContain(
      "  layer gcc: 4 entries, 64 B, unchanged\n  layer data: 4 entries, 7 B\n",
    );
    expect(project.list()).toEqual(before);
  });

  it("repeats its warnings when there is nothing to do, and with --force makes every layer again", async () => {
    const steps = [{ copy: "/nowhere", from: "data", missing: "warn" }];
    const layers = [
      { name: "more", steps },
      { name: "gcc", steps: [{ copy: "/bin", from: "gcc", to: "/opt/gcc/bin" }] },
    ];
    project.write("linux/oci-kit.yaml", configuration(project.repository, { layers }));
    const WARNED = 'oci-kit: riscv64: layer more: artifact data has no "/nowhere"\n';
    for (const said of ["run ", "nothing to do"]) {
      const { stdout, stderr } = await project.run("assemble", "--arch", "riscv64");
      expect(stdout).toContain(said);
      expect(stderr).toBe(WARNED);
    }
    const [forced] = await assemble("--arch", "riscv64", "--force");
    expect(forced).toMatchObject({ changed: true, layers: [{ name: "gcc", reused: false }] });
  });

  it("makes an image again that oci-kit config has changed, even though its inputs are the same", async () => {
    const [made] = await assemble("--arch", "riscv64");
    const place = "oci:out/linux-runtime/riscv64:latest";
    expect((await project.run("config", place, place, "--env", "DEBUG=1")).status).toBe(0);
    const [again] = await assemble("--arch", "riscv64");
    expect(again).toMatchObject({ changed: true, digest: made?.digest });
  });

  it("needs only the inputs of the architecture in --arch when --run-id names the generation", async () => {
    const base = { riscv64: "scratch", arm64: "oci:nowhere" };
    project.write("linux/oci-kit.yaml", configuration(project.repository, { base }));
    const refused = await project.run("assemble", "--arch", "riscv64");
    expect(refused.status).toBe(1);
    expect(refused.stderr).toMatch(/expected a base for amd64\n {2}try: .*--run-id/);
    const [image] = await assemble("--arch", "riscv64", "--run-id", "nightly-7");
    expect(image).toMatchObject({ runId: "nightly-7", warnings: [] });
  });

  it("with --push pushes the image as TAG-ARCH", async () => {
    const [image] = await assemble("--arch", "riscv64", "--push", "nightly");
    expect(image?.pushed).toBe(`${project.repository}:nightly-riscv64`);
    const { document } = await project.json("tags");
    expect(document).toMatchObject({ tags: ["nightly-riscv64"] });
  });

  it("warns on stderr when an artifact of another architecture is missing", async () => {
    rmSync("gcc/arm64", { recursive: true });
    const { status, stderr } = await project.run("assemble", "--arch", "riscv64");
    expect(status).toBe(0);
    expect(stderr).toContain("oci-kit: riscv64: arm64 is not part of this generation: ");
    expect(stderr).toContain("gcc/arm64");
  });
});

describe("assemble fails and leaves nothing half-written:", () => {
  const LAYOUT = "oci:saved/gcc";

  async function saveArtifact(architecture: string): Promise<void> {
    const store = await openLayout("saved/gcc", { create: true });
    const layers = [{ "bin/": "", "bin/gcc": { content: "x".repeat(5_000), mode: 0o755 } }];
    const platform = { os: "linux", architecture };
    await buildImage(store, { platform, layers, tag: "latest" });
  }

  it("status 2 for a base of another architecture", async () => {
    await saveArtifact("amd64");
    project.write("linux/oci-kit.yaml", configuration(project.repository, { base: LAYOUT }));
    const before = project.list();
    const { status, stdout, stderr } = await project.run("assemble", "--arch", "riscv64");
    expect(stderr).toMatch(/base oci:saved\/gcc.*expected .*linux\/riscv64.*got .*linux\/amd64/);
    expect(status).toBe(2);
    expect(stdout).toBe("");
    expect(project.list()).toEqual(before);
  });

  it("status 1 for a damaged layer of an artifact, naming the layer and the artifact", async () => {
    await saveArtifact("riscv64");
    const damaged = damageLayer("saved/gcc");
    const artifacts = { gcc: LAYOUT, data: { directory: "data" } };
    project.write("linux/oci-kit.yaml", configuration(project.repository, { artifacts }));
    const before = project.list();
    const { status, stderr } = await project.run("assemble", "--arch", "riscv64");
    expect(stderr).toContain("oci:saved/gcc");
    expect(stderr).toContain(shortDigest(damaged));
    expect(status).toBe(1);
    expect(project.list()).toEqual(before);
  });

  it("no new layout stays behind when an artifact's layer proves damaged after the base was copied", async () => {
    await saveArtifact("riscv64");
    const base = await openLayout("saved/base", { create: true });
    const platform = { os: "linux", architecture: "riscv64" };
    await buildImage(base, { platform, layers: [{ "etc/": "" }], tag: "latest" });
    damageLayer("saved/gcc");
    const artifacts = { gcc: LAYOUT, data: { directory: "data" } };
    const more = { artifacts, base: "oci:saved/base" };
    project.write("linux/oci-kit.yaml", configuration(project.repository, more));
    const before = project.list();
    expect((await project.run("assemble", "--arch", "riscv64")).status).toBe(1);
    expect(project.list()).toEqual(before);
  });

  it("the previous image stays when assembling the next one fails", async () => {
    const [image] = await assemble("--arch", "riscv64");
    rmSync("data/share/readme");
    rmSync("data/share", { recursive: true });
    const before = project.list();
    const { status, stderr } = await project.run("assemble", "--arch", "riscv64");
    expect(stderr).toContain("/share");
    expect(status).toBe(1);
    expect(project.list()).toEqual(before);
    const { document } = (await project.json(
      ...["inspect", "oci:out/linux-runtime/riscv64"],
    )) as JsonRan<{ descriptor: { digest: string } }>;
    expect(document.descriptor.digest).toBe(image?.digest);
  });

  it("status 1 for a SOURCE_DATE_EPOCH that is not a number", async () => {
    const env = { SOURCE_DATE_EPOCH: "yesterday" };
    const { status, stderr } = await project.runWith({ env }, "assemble");
    expect(stderr).toBe(
      'oci-kit: SOURCE_DATE_EPOCH: expected seconds since 1970, got "yesterday"\n',
    );
    expect(status).toBe(1);
  });
});
