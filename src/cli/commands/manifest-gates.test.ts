// SPDX-License-Identifier: MIT
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { elf } from "../../../test/fixtures/layers.ts";
import { configuration, createProject } from "../../../test/fixtures/project.ts";
import type { JsonRan, Project } from "../../../test/fixtures/project.ts";

let project: Project;

beforeEach(async () => {
  project = await createProject();
  expect((await project.run("assemble")).status).toBe(0);
});
afterEach(() => project.remove());

const PUSH = ["manifest", "push", "latest-cross"] as const;

async function digest(tag: string): Promise<string> {
  const { document } = (await project.json("digest", tag)) as JsonRan<{ digest: string }>;
  return document.digest;
}

/** Changes the compiler of one architecture and assembles again. */
async function assembleAnew(text: string): Promise<void> {
  project.write("data/share/readme", text);
  expect((await project.run("assemble")).status).toBe(0);
}

describe("manifest push of images whose inputs changed since they were assembled", () => {
  it("is refused, not published already with nothing to do, and passes once they are assembled", async () => {
    expect((await project.run(...PUSH)).status).toBe(0);
    project.write(
      "gcc/riscv64/bin/gcc",
      Buffer.concat([elf("riscv64"), Buffer.from("new")]),
      0o755,
    );
    const { status, stdout, stderr } = await project.run(...PUSH);
    expect(status).toBe(2);
    expect(stdout).not.toContain("nothing to do");
    expect(stderr).toMatch(
      /stale-input: .*out\/linux-runtime\/riscv64 was assembled from sha256:\w+, and its input gcc \(.*gcc\/riscv64\) is sha256:\w+ now/,
    );
    expect(stderr).toContain("oci-kit assemble; or override by name: --force stale-input");
    expect((await project.run("assemble")).status).toBe(0);
    expect((await project.run(...PUSH)).status).toBe(0);
  });

  it("passes when the configuration's other variables are given as they were at assemble", async () => {
    const gcc = { directory: "${WHERE}/${ARCH}" };
    const more = {
      variables: { WHERE: "nowhere" },
      artifacts: { gcc, data: { directory: "data" } },
    };
    project.write("linux/oci-kit.yaml", configuration(project.repository, more));
    expect((await project.run("assemble", "--set", "WHERE=gcc")).status).toBe(0);
    expect((await project.run(...PUSH, "--set", "WHERE=gcc")).status).toBe(0);
    expect((await project.run(...PUSH, "--set", "OTHER=gcc")).status).toBe(1);
  });
});

describe("manifest push --force", () => {
  it("takes the name of one gate, and lists the names for anything else", async () => {
    const { status, stderr } = await project.run(
      "manifest",
      "push",
      "--force",
      "latest-cross",
      "x",
    );
    expect(status).toBe(1);
    expect(stderr).toContain('--force: expected the name of a gate, got "latest-cross"');
    expect(stderr).toContain("missing-architecture, dropped-platform");
  });

  it("is recorded in the index, and overrides no other gate", async () => {
    project.write(
      "gcc/riscv64/bin/gcc",
      Buffer.concat([elf("riscv64"), Buffer.from("new")]),
      0o755,
    );
    expect((await project.run(...PUSH, "--force", "mixed-generations")).status).toBe(2);
    const { status, stdout } = await project.run(...PUSH, "--force", "stale-input");
    expect(status).toBe(0);
    expect(stdout).toContain("overridden by --force stale-input: ");
    const raw = await project.run("inspect", "--raw", "latest-cross");
    expect(raw.stdout).toContain('"org.kataglyphis.index.forced":"stale-input"');
  });
});

describe("manifest rollback", () => {
  it("goes back to what the tag named, says how to undo it, and what it would do", async () => {
    expect((await project.run(...PUSH)).status).toBe(0);
    const [first, image] = [await digest("latest-cross"), await digest("latest-cross-arm64")];
    await assembleAnew("second");
    expect((await project.run(...PUSH)).status).toBe(0);
    const second = await digest("latest-cross");
    const rollback = ["manifest", "rollback", "latest-cross"] as const;
    const dry = await project.run(...rollback, "--dry-run");
    expect(dry.stdout).toContain(`would set latest-cross to ${first} (was ${second})`);
    expect(await digest("latest-cross")).toBe(second);
    const done = await project.run(...rollback);
    expect(done).toMatchObject({ status: 0, stderr: "" });
    expect(await digest("latest-cross")).toBe(first);
    expect(await digest("latest-cross-arm64")).toBe(image);
    const undo = `manifest rollback latest-cross --to ${second}`;
    expect(done.stdout).toContain(`to undo this: oci-kit ${undo}`);
    expect((await project.run(...undo.split(" "))).status).toBe(0);
    expect(await digest("latest-cross")).toBe(second);
  });

  it("is an error where nothing is remembered", async () => {
    expect((await project.run("manifest", "rollback", "latest-cross")).status).toBe(1);
    expect((await project.run(...PUSH)).status).toBe(0);
    const { status, stderr } = await project.run("manifest", "rollback", "latest-cross");
    expect(status).toBe(1);
    expect(stderr).toContain("got one that remembers nothing");
  });
});

describe("assemble --push", () => {
  it("does not move TAG-ARCH backwards", async () => {
    project.write(
      "linux/oci-kit.yaml",
      configuration(project.repository, { architectures: ["amd64"] }),
    );
    const at = (run: string): readonly string[] => ["assemble", "--push", "--run-id", run];
    expect((await project.run(...at("20260802-000000-aa"))).status).toBe(0);
    const before = await digest("latest-cross-amd64");
    const { status, stderr } = await project.run(...at("20260801-000000-aa"));
    expect(status).toBe(2);
    expect(stderr).toContain("older-than-published: ");
    expect(await digest("latest-cross-amd64")).toBe(before);
    const forced = await project.run(
      ...at("20260801-000000-aa"),
      "--force-push",
      "older-than-published",
    );
    expect(forced.status).toBe(0);
    expect(forced.stdout).toContain("overridden by --force-push older-than-published");
  });

  it("by digest sets no tag, and one job joins what the others pushed", async () => {
    const { document } = (await project.json("assemble", "--push-by-digest")) as JsonRan<{
      images: readonly { pushed: string }[];
    }>;
    expect((await project.json("tags")).document).toMatchObject({ tags: [] });
    const from = document.images.flatMap(({ pushed }) => ["--from", pushed]);
    expect(await project.run(...PUSH, ...from)).toMatchObject({ status: 0, stderr: "" });
  });
});
