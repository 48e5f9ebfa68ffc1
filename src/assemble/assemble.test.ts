// SPDX-License-Identifier: MIT
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
  type Workspace,
  RISCV,
  assembleIn,
  createWorkspace,
  putImage,
  recipe,
} from "../../test/fixtures/assemble.ts";
import { damageLayers, removeBlob } from "../../test/fixtures/damage-layout.ts";
import { readImage } from "../image/image.ts";
import { buildIndex } from "../testing/build-image.ts";
import { assemble, planAssembly } from "./assemble.ts";
import type { AssembleProgress } from "./assemble-options.ts";
import type { CopyStep } from "./recipe/recipe.ts";

let workspace: Workspace;
beforeEach(() => {
  workspace = createWorkspace();
});
afterEach(() => workspace.remove());

const COPY: CopyStep = { kind: "copy", from: "demo", path: "/opt/gcc" };

function artifact(extra: Record<string, string> = {}): Promise<string> {
  const files = { "opt/": "", "opt/gcc/": "", "opt/gcc/cc": "ELF", other: "not copied", ...extra };
  return workspace.image("artifact", {
    layers: [files],
    platform: { os: "linux", architecture: "amd64" },
  });
}

function base(): Promise<string> {
  return workspace.image("base", {
    layers: [{ "etc/": "", "etc/os-release": "NAME=test" }],
    config: { Env: ["PATH=/usr/bin"], Cmd: ["sh"], WorkingDir: "/", Labels: { kept: "1" } },
  });
}

describe("assemble", () => {
  it("copies an artifact built for the build platform onto a base for the target platform", async () => {
    const what = recipe({
      base: { reference: await base() },
      artifacts: { demo: { reference: await artifact() } },
      steps: [COPY],
    });
    const { result, image, text } = await assembleIn(workspace, what);
    expect(result.changed).toBe(true);
    expect(await text("/opt/gcc/cc")).toBe("ELF");
    expect(await text("/etc/os-release")).toBe("NAME=test");
    expect(image.config.value).toMatchObject({ architecture: "riscv64", os: "linux" });
  });

  it("keeps the layers of the base byte for byte", async () => {
    const reference = await base();
    const store = await workspace.layout("base");
    const { manifest } = await readImage(store, await store.resolve("latest"));
    const what = recipe({
      base: { reference },
      steps: [{ kind: "directory", path: "/workspace" }],
    });
    const { image } = await assembleIn(workspace, what);
    expect(image.manifest.value.layers[0]).toEqual(manifest.value.layers[0]);
    expect(image.config.value.history).toHaveLength(2);
  });

  it("inherits the base's config and applies the recipe's settings", async () => {
    const what = recipe({
      base: { reference: await base() },
      variables: { GCC: "16.2.0" },
      config: {
        env: { PATH: "/opt/gcc-${GCC}/bin:${PATH}" },
        labels: { title: "runtime" },
        entrypoint: ["/entry"],
        user: "1001",
        workdir: "/workspace",
        volumes: ["/workspace"],
        ports: ["8080", "53/udp"],
        healthcheck: { test: ["CMD", "true"], interval: 30_000, retries: 3 },
        stopSignal: "SIGINT",
      },
    });
    const { image } = await assembleIn(workspace, what);
    expect(image.config.value.config).toEqual({
      Env: ["PATH=/opt/gcc-16.2.0/bin:/usr/bin"],
      Labels: { kept: "1", title: "runtime" },
      Entrypoint: ["/entry"],
      User: "1001",
      WorkingDir: "/workspace",
      Volumes: { "/workspace": {} },
      ExposedPorts: { "8080/tcp": {}, "53/udp": {} },
      Healthcheck: { Test: ["CMD", "true"], Interval: 30_000_000_000, Retries: 3 },
      StopSignal: "SIGINT",
    });
  });

  it("refuses an undefined variable in the environment, and writes no image", async () => {
    const what = recipe({ config: { env: { PATH: "${CARGO_HOME}/bin" } } });
    await expect(assembleIn(workspace, what)).rejects.toMatchObject({
      code: "invalid-recipe",
      message: "config.env.PATH: ${CARGO_HOME} is not defined",
    });
    const target = await workspace.layout("out");
    expect(await target.capabilities.tags()).toEqual([]);
  });

  it("refuses a base of another architecture", async () => {
    const reference = await workspace.image("base", {
      platform: { os: "linux", architecture: "amd64" },
    });
    await expect(assembleIn(workspace, recipe({ base: { reference } }))).rejects.toMatchObject({
      code: "wrong-architecture",
    });
    const forced = recipe({ base: { reference, platform: "linux/amd64" } });
    await expect(assembleIn(workspace, forced)).rejects.toMatchObject({
      code: "wrong-architecture",
    });
  });

  it("picks the target platform's image from a base that is an index, and lists the platforms if it is missing", async () => {
    const store = await workspace.layout("multi");
    const children = [];
    for (const architecture of ["amd64", "riscv64"]) {
      const layers = [{ which: architecture }];
      children.push(
        await putImage(store, { layers, platform: { os: "linux", architecture }, tag: undefined }),
      );
    }
    await buildIndex(store, children, { tag: "both" });
    await buildIndex(store, children.slice(0, 1), { tag: "one" });
    const reference = `oci:${store.directory}`;
    const { text } = await assembleIn(
      workspace,
      recipe({ base: { reference: `${reference}:both` } }),
    );
    expect(await text("/which")).toBe("riscv64");
    await expect(
      assembleIn(workspace, recipe({ base: { reference: `${reference}:one` } })),
    ).rejects.toThrow(/linux\/amd64/);
  });

  it("says which input is missing and what to do about it", async () => {
    const what = recipe({
      artifacts: { demo: { reference: `oci:${workspace.directory}/nowhere` } },
      steps: [COPY],
    });
    await expect(assembleIn(workspace, what)).rejects.toMatchObject({
      code: "missing-input",
      message: expect.stringContaining("artifact demo") as string,
      hint: expect.stringContaining("Save it there first") as string,
    });
  });

  it("does nothing the second time, and makes everything again when a blob is gone", async () => {
    const what = recipe({
      base: { reference: await base() },
      artifacts: { demo: { reference: await artifact() } },
      steps: [COPY],
    });
    const first = await assembleIn(workspace, what);
    const second = await assembleIn(workspace, what);
    expect(second.result).toMatchObject({ changed: false, layers: [], runId: first.result.runId });
    expect(second.result.descriptor.digest).toBe(first.result.descriptor.digest);
    const target = await workspace.layout("out");
    removeBlob(target.directory, first.image.manifest.value.layers[1]!.digest);
    const third = await assembleIn(workspace, what);
    expect(third.result.changed).toBe(true);
    expect(third.result.descriptor.digest).toBe(first.result.descriptor.digest);
    expect(await third.text("/opt/gcc/cc")).toBe("ELF");
  });

  it("records the digest of every input, the parent and the run id, but no path of the machine", async () => {
    const what = recipe({
      base: { reference: await base() },
      artifacts: { demo: { reference: await artifact() } },
      steps: [COPY],
      annotations: { "org.example.own": "1" },
    });
    const { image, result } = await assembleIn(workspace, what);
    const [baseInput, demo] = result.inputs;
    expect(image.manifest.value.annotations).toMatchObject({
      "org.example.own": "1",
      "org.opencontainers.image.base.digest": baseInput!.digest,
      "org.kataglyphis.assemble.input.demo": demo!.digest,
      "org.kataglyphis.parent-digest": demo!.digest,
      "org.kataglyphis.parent-stage": "demo",
      "org.kataglyphis.run-id": result.runId,
    });
    const documents =
      new TextDecoder().decode(image.manifest.bytes) + JSON.stringify(image.config.value);
    expect(documents).not.toContain(workspace.directory);
    expect(documents).not.toContain(process.cwd());
  });

  it("replaces the old image as a whole and keeps nothing that only the old one needed", async () => {
    const demo = { reference: await artifact() };
    const first = await assembleIn(workspace, recipe({ artifacts: { demo }, steps: [COPY] }));
    await artifact({ "opt/gcc/cc": "NEW" });
    const second = await assembleIn(workspace, recipe({ artifacts: { demo }, steps: [COPY] }));
    const target = await workspace.layout("out");
    expect(await target.exists(first.image.manifest.value.layers[0]!)).toBe(false);
    expect(await target.exists(first.image.descriptor)).toBe(false);
    expect(await target.capabilities.roots()).toHaveLength(1);
    expect(await second.text("/opt/gcc/cc")).toBe("NEW");
  });

  it("leaves the old image in place when it fails midway", async () => {
    const demo = { reference: await artifact() };
    const first = await assembleIn(workspace, recipe({ artifacts: { demo }, steps: [COPY] }));
    await artifact({ "opt/gcc/cc": "NEW" });
    damageLayers((await workspace.layout("artifact")).directory);
    await expect(
      assembleIn(workspace, recipe({ artifacts: { demo }, steps: [COPY] })),
    ).rejects.toMatchObject({ name: "OciError" });
    const target = await workspace.layout("out");
    expect((await target.resolve("latest")).digest).toBe(first.result.descriptor.digest);
  });

  it("reports progress and stops when asked to", async () => {
    const what = recipe({ artifacts: { demo: { reference: await artifact() } }, steps: [COPY] });
    const events: AssembleProgress[] = [];
    await assembleIn(workspace, what, { onProgress: (event) => events.push(event) });
    expect(events.map(({ kind }) => kind)).toEqual(["input", "planned", "written"]);
    const signal = AbortSignal.abort(new Error("enough"));
    await expect(assembleIn(workspace, what, { into: "other", signal })).rejects.toThrow();
  });

  it("has a planning mode that writes nothing", async () => {
    const what = recipe({ artifacts: { demo: { reference: await artifact() } }, steps: [COPY] });
    const plan = await planAssembly(what);
    expect(plan.layers).toMatchObject([
      {
        name: "one",
        entries: 3,
        bytes: 3,
        reused: false,
        paths: [
          { type: "directory", path: "/opt/", size: 0 },
          { type: "directory", path: "/opt/gcc/", size: 0 },
          { type: "file", path: "/opt/gcc/cc", size: 3 },
        ],
      },
    ]);
  });

  it("also writes zstd and uncompressed layers, with the same diffIDs", async () => {
    const what = recipe({ artifacts: { demo: { reference: await artifact() } }, steps: [COPY] });
    const diffIds = new Set<string>();
    for (const compression of ["gzip", "zstd", "none"] as const) {
      const { image, text } = await assembleIn(workspace, what, { into: compression, compression });
      expect(await text("/opt/gcc/cc")).toBe("ELF");
      diffIds.add(image.config.value.rootfs.diff_ids.join());
    }
    expect(diffIds.size).toBe(1);
  });

  it("gives three runs for three architectures the same run id", async () => {
    const demo = { reference: await artifact() };
    const generation = ["amd64", "arm64", "riscv64"].map((architecture) =>
      recipe({ platform: { ...RISCV, architecture }, artifacts: { demo }, steps: [COPY] }),
    );
    const runs = new Set<string>();
    for (const member of generation) {
      const target = await workspace.layout(member.platform.architecture);
      runs.add((await assemble(member, { target, generation })).runId);
    }
    expect(runs.size).toBe(1);
    const alone = await assemble(generation[0]!, { target: await workspace.layout("alone") });
    expect(runs).not.toContain(alone.runId);
    const given = await assemble(generation[0]!, {
      target: await workspace.layout("given"),
      runId: "20260101-000000-0badcafe",
    });
    expect(given.runId).toBe("20260101-000000-0badcafe");
  });

  it("treats a missing input of another architecture as absent and reports it", async () => {
    const own = recipe({ artifacts: { demo: { reference: await artifact() } }, steps: [COPY] });
    const other = recipe({
      platform: { ...RISCV, architecture: "arm64" },
      artifacts: { demo: { reference: `oci:${workspace.directory}/arm64` } },
    });
    const { result } = await assembleIn(workspace, own, { generation: [own, other] });
    expect(result.warnings).toMatchObject([{ kind: "absent-input", where: "arm64" }]);
  });
});
