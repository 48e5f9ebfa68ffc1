// SPDX-License-Identifier: MIT
import { cpSync, renameSync, rmSync } from "node:fs";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { damageLayer } from "../../../test/fixtures/damage.ts";
import { elf } from "../../../test/fixtures/layers.ts";
import { ARCHITECTURES, configuration, createProject } from "../../../test/fixtures/project.ts";
import type { JsonRan, Project } from "../../../test/fixtures/project.ts";

interface Total {
  readonly count: number;
  readonly bytes: number;
}
interface Pushed {
  readonly dryRun: boolean;
  readonly index: { readonly digest: string };
  readonly children: readonly {
    readonly name: string;
    readonly toSend: Total;
    readonly layers: readonly { readonly action: string }[];
  }[];
  readonly tags: readonly { readonly tag: string; readonly to: string }[];
  readonly sent: Total;
  readonly toSend: Total;
  readonly changed: boolean;
  readonly upToDate: boolean;
  readonly findings: readonly { readonly gate: string }[];
  readonly overridden: readonly { readonly gate: string }[];
}

let project: Project;

beforeEach(async () => {
  project = await createProject();
  expect((await project.run("assemble")).status).toBe(0);
});
afterEach(() => project.remove());

const PUSH = ["manifest", "push", "latest-cross"] as const;
const TAGS = ["latest-cross", ...ARCHITECTURES.map((name) => `latest-cross-${name}`)];

async function expectTags(tags: readonly string[]): Promise<void> {
  expect((await project.json("tags")).document).toMatchObject({ tags });
}

describe("manifest push", () => {
  it("publishes one index and a tag for each architecture, and has nothing to do the second time", async () => {
    const first = await project.run(...PUSH);
    expect(first).toMatchObject({ status: 0, stderr: "" });
    expect(first.stdout).toMatch(/^127\.0\.0\.1:\d+\/family\/image:latest-cross sha256:/);
    await expectTags(TAGS);
    const second = await project.run(...PUSH);
    expect(second.status).toBe(0);
    expect(second.stdout).toContain("published already, nothing to do");
  });

  it("accepts images of three separate runs as one generation", async () => {
    rmSync("out", { recursive: true });
    for (const name of ARCHITECTURES) await project.run("assemble", "--arch", name);
    expect(await project.run(...PUSH)).toMatchObject({ status: 0, stderr: "" });
  });

  it("with --dry-run prints the plan with the names that users type, and sends nothing", async () => {
    const { status, stdout } = await project.run(...PUSH, "--dry-run");
    expect(status).toBe(0);
    expect(stdout).toMatch(/would send \d/);
    expect(stdout).toMatch(/ {2}linux\/riscv64 .* out\/linux-runtime\/riscv64\n/);
    expect(stdout).toContain("would set latest-cross to sha256:");
    expect(project.list("../registry")).toEqual([
      "blobs/",
      "blobs/sha256/",
      "index.json",
      "oci-layout",
    ]);
  });

  it("after one file changed sends only its layer, the image configuration and the manifests", async () => {
    await project.run(...PUSH);
    project.write("gcc/riscv64/bin/gcc", Buffer.concat([elf("riscv64"), Buffer.alloc(9)]), 0o755);
    await project.run("assemble");
    const planned = (await project.json(...PUSH, "--dry-run")) as JsonRan<Pushed>;
    // amd64 and arm64 each need a manifest of the new generation
    expect(planned.document.children.map(({ toSend }) => toSend.count)).toEqual([1, 1, 3]);
    expect(planned.document.toSend.count).toBe(6);
    const before = project.list("../registry/blobs");
    const { document } = (await project.json(...PUSH)) as JsonRan<Pushed>;
    expect(document.sent).toEqual(planned.document.toSend);
    expect(project.list("../registry/blobs").length - before.length).toBe(6);
  });

  it("with --dry-run names each layer, whether it is sent, and how long all takes", async () => {
    await project.run(...PUSH);
    project.write("gcc/riscv64/bin/gcc", Buffer.concat([elf("riscv64"), Buffer.alloc(9)]), 0o755);
    await project.run("assemble");
    const { document } = (await project.json(...PUSH, "--dry-run", "--rate", "1kB/s")) as JsonRan<
      Pushed & { readonly seconds: number }
    >;
    const sent = document.children.map(
      ({ layers }) => layers.filter(({ action }) => action === "send").length,
    );
    expect(sent).toEqual([0, 0, 1]);
    expect(document.seconds).toBeCloseTo(document.toSend.bytes / 1000, 1);
    const { stdout } = await project.run(...PUSH, "--dry-run", "--rate", "1kB/s");
    expect(stdout).toMatch(/would send .*, [\d.]+ s at 1.0 kB\/s/);
    expect(stdout).toMatch(/layers of linux\/riscv64\n( {2}(there|send) .*\n)* {2}send +sha256:/);
    const refused = await project.run(...PUSH, "--rate", "1kB/s");
    expect(refused.status).toBe(1);
    expect(refused.stderr).toContain("--rate: expected --dry-run with it");
  });

  it("writes into a layout, and takes the images from --from", async () => {
    const from = ARCHITECTURES.flatMap((name) => ["--from", `oci:out/linux-runtime/${name}`]);
    const dry = ["manifest", "push", "oci:index:latest-cross", ...from];
    expect((await project.run(...dry, "--dry-run")).status).toBe(0);
    expect(project.list()).not.toContain("index/");
    expect((await project.run(...dry)).status).toBe(0);
    const { document } = await project.json("inspect", "oci:index:latest-cross");
    expect(document).toMatchObject({ images: [{}, {}, {}] });
  });

  it("takes the images tagged TAG-ARCH in the repository when none are assembled here", async () => {
    for (const name of ARCHITECTURES) await project.run("assemble", "--arch", name, "--push");
    rmSync("out", { recursive: true });
    expect(await project.run(...PUSH)).toMatchObject({ status: 0, stderr: "" });
    await expectTags(TAGS);
  });
});

describe("manifest push refuses with status 2, names the reason and sends nothing:", () => {
  async function expectRefusal(gate: string, names: readonly string[], ...words: string[]) {
    const before = project.list("../registry");
    const { status, stdout, stderr } = await project.run(...PUSH, ...words);
    expect(stderr).toContain("not pushed");
    expect(stderr).toContain(`  ${gate}: `);
    for (const name of names) expect(stderr).toContain(name);
    expect(stderr).toContain("  try: ");
    expect({ status, stdout }).toEqual({ status: 2, stdout: "" });
    expect(project.list("../registry")).toEqual(before);
    const programs = await project.json(...PUSH, ...words);
    expect(programs).toMatchObject({ status: 2, document: { error: { code: "gate-refused" } } });
    const dry = (await project.json(...PUSH, "--dry-run", ...words)) as JsonRan<Pushed>;
    expect(dry.status).toBe(2);
    expect(dry.document.findings.map((finding) => finding.gate)).toContain(gate);
    expect(project.list("../registry")).toEqual(before);
  }

  it("when an architecture of the configuration is missing", async () => {
    rmSync("out/linux-runtime/arm64", { recursive: true });
    await expectRefusal("missing-architecture", ["arm64 is missing"]);
  });

  it("when an architecture that is published would be dropped", async () => {
    await project.run(...PUSH);
    const more = { architectures: ["amd64", "riscv64"] };
    project.write("linux/oci-kit.yaml", configuration(project.repository, more));
    rmSync("out/linux-runtime/arm64", { recursive: true });
    await project.run("assemble");
    await expectRefusal("dropped-platform", ["linux/arm64 would be dropped"]);
  });

  it("when two images are for the same platform", async () => {
    const other = ["--base", "scratch", "--env", "OTHER=1", "--output", "oci:other"];
    await project.run("assemble", "--arch", "riscv64", ...other);
    const from = [...ARCHITECTURES.map((name) => `out/linux-runtime/${name}`), "other"];
    const words = from.flatMap((place) => ["--from", `oci:${place}`]);
    await expectRefusal("duplicate-platform", ["linux/riscv64 is claimed by 2 images"], ...words);
  });

  it("when an image is for another architecture than its directory says", async () => {
    rmSync("out/linux-runtime/arm64", { recursive: true });
    cpSync("out/linux-runtime/amd64", "out/linux-runtime/arm64", { recursive: true });
    await expectRefusal("wrong-platform", ["linux/amd64", "linux/arm64", "by its directory"]);
  });

  it("when the images are of different generations", async () => {
    project.write("data/share/readme", "changed");
    await project.run("assemble", "--arch", "riscv64");
    await expectRefusal("mixed-generations", ["2 generations", "out/linux-runtime/riscv64"]);
  });

  it("also when the target would be a new layout", async () => {
    rmSync("out/linux-runtime/arm64", { recursive: true });
    const before = project.list();
    expect((await project.run("manifest", "push", "oci:index:latest-cross")).status).toBe(2);
    expect(project.list()).toEqual(before);
  });
});

describe("manifest push --force", () => {
  it("publishes and says which refusals it overrode", async () => {
    rmSync("out/linux-runtime/arm64", { recursive: true });
    const { status, stdout } = await project.run(...PUSH, "--force", "missing-architecture");
    expect(status).toBe(0);
    expect(stdout).toContain("overridden by --force missing-architecture: arm64 is missing");
    const { document } = (await project.json(
      ...PUSH,
      "--force",
      "missing-architecture",
    )) as JsonRan<Pushed>;
    expect(document.overridden.map(({ gate }) => gate)).toEqual(["missing-architecture"]);
  });
});

describe("manifest push of a damaged output directory", () => {
  it("exits with 1, names a damaged layer and publishes nothing", async () => {
    const damaged = damageLayer("out/linux-runtime/riscv64");
    const { status, stderr } = await project.run(...PUSH);
    expect(stderr).toContain(damaged.slice(0, "sha256:".length + 12));
    expect(stderr).toContain("out/linux-runtime/riscv64");
    expect(status).toBe(1);
    // Images are looked into before anything is sent.
    expect(project.list("../registry")).toEqual([
      "blobs/",
      "blobs/sha256/",
      "index.json",
      "oci-layout",
    ]);
  });

  it("leaves out a directory without an image layout, and says so", async () => {
    renameSync("data", "out/linux-runtime/notes");
    const { status, stderr } = await project.run(...PUSH);
    expect(stderr).toBe("oci-kit: left out out/linux-runtime/notes: it holds no image layout\n");
    expect(status).toBe(0);
  });
});
