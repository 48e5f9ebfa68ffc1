// SPDX-License-Identifier: MIT
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
  type Workspace,
  RISCV,
  assembleIn,
  createWorkspace,
  putImage,
  recipe,
} from "../../../test/fixtures/assemble.ts";
import { readImage } from "../../image/image.ts";
import { MediaType } from "../../oci/media-types.ts";
import { openRepository } from "../../registry/repository.ts";
import { type RegistryServer, serveRegistry } from "../../server/serve.ts";
import { copy } from "../../store/copy/copy.ts";
import {
  type LayerFiles,
  buildIndex,
  buildLayer,
  pushDocument,
} from "../../testing/build-image.ts";
import { assemble } from "../assemble.ts";
import type { CopyStep } from "../recipe/recipe.ts";

let workspace: Workspace;
beforeEach(() => {
  workspace = createWorkspace();
});
afterEach(() => workspace.remove());

const COPY: CopyStep = { kind: "copy", from: "demo", path: "/opt/gcc" };
const GCC: LayerFiles = { "opt/gcc/cc": "ELF" };

describe("inputs in a registry", () => {
  let server: RegistryServer;
  beforeEach(async () => {
    server = await serveRegistry({ directory: join(workspace.directory, "registry") });
  });
  afterEach(() => server.close());

  async function publish(repository: string, layers: readonly LayerFiles[]): Promise<string> {
    const local = await workspace.layout(`local-${repository}`);
    const { descriptor } = await putImage(local, { layers });
    const remote = openRepository({ registry: `${server.host}:${server.port}`, repository });
    await copy(local, descriptor, remote, { tag: "1" });
    return `${server.host}:${server.port}/${repository}:1`;
  }

  it("are copied into the cache once and named in the provenance", async () => {
    const base = await publish("base", [{ "etc/os-release": "x" }]);
    const android = await publish("android", [GCC]);
    const what = recipe({
      base: { reference: base },
      artifacts: { demo: { reference: android } },
      steps: [COPY],
    });
    const cache = join(workspace.directory, "cache");
    const { image, result, text } = await assembleIn(workspace, what, { cache });
    expect(await text("/opt/gcc/cc")).toBe("ELF");
    expect(await text("/etc/os-release")).toBe("x");
    expect(image.manifest.value.annotations).toMatchObject({
      "org.opencontainers.image.base.name": base,
      "org.kataglyphis.parent-digest": `${android.slice(0, -2)}@${result.inputs[1]!.digest}`,
    });
    const blobs = await workspace.layout("cache/blobs");
    const demo = await readImage(blobs, await blobs.resolve(result.inputs[1]!.digest));
    expect(await blobs.exists(demo.manifest.value.layers[0]!)).toBe(true);
  });

  it("can be in the same registry as the target", async () => {
    const demo = { reference: await publish("android", [GCC]) };
    const registry = `${server.host}:${server.port}`;
    const target = openRepository({ registry, repository: "runtime" });
    const what = recipe({ artifacts: { demo }, steps: [COPY] });
    expect((await assemble(what, { target, tag: "riscv64" })).changed).toBe(true);
    expect((await assemble(what, { target, tag: "riscv64" })).changed).toBe(false);
  });

  it("cause an error when the registry can't be reached, and do not count as missing", async () => {
    const reference = await publish("android", [GCC]);
    await server.close();
    const what = recipe({ artifacts: { demo: { reference } }, steps: [COPY] });
    await expect(
      assembleIn(workspace, what, { registry: { retry: { attempts: 1 } } }),
    ).rejects.toMatchObject({
      code: "unreachable",
      message: expect.stringContaining("artifact demo") as string,
    });
  });

  it("count as missing when they are not in the registry", async () => {
    const reference = `${server.host}:${server.port}/none:1`;
    const what = recipe({ artifacts: { demo: { reference } }, steps: [COPY] });
    await expect(assembleIn(workspace, what)).rejects.toMatchObject({ code: "missing-input" });
  });
});

describe("an artifact that is an index", () => {
  async function index(...architectures: readonly string[]): Promise<string> {
    const store = await workspace.layout("multi");
    const children = [];
    for (const architecture of architectures) {
      const layers = [{ "opt/gcc/cc": architecture }];
      children.push(
        await putImage(store, { layers, platform: { os: "linux", architecture }, tag: undefined }),
      );
    }
    await buildIndex(store, children, { tag: "all" });
    return `oci:${store.directory}:all`;
  }

  it.each([
    ["the target's platform where it is there", ["amd64", "riscv64"], undefined, "riscv64"],
    ["its only image otherwise", ["amd64"], undefined, "amd64"],
    ["the one that is named", ["amd64", "riscv64"], "linux/amd64", "amd64"],
  ])("gives %s", async (_what, architectures, platform, expected) => {
    const demo = { reference: await index(...architectures), platform };
    const { text } = await assembleIn(workspace, recipe({ artifacts: { demo }, steps: [COPY] }));
    expect(await text("/opt/gcc/cc")).toBe(expected);
  });

  it("must name a platform if it has several images, none for the target", async () => {
    const demo = { reference: await index("amd64", "arm64") };
    await expect(
      assembleIn(workspace, recipe({ artifacts: { demo }, steps: [COPY] })),
    ).rejects.toMatchObject({ code: "ambiguous" });
  });
});

describe("a base in Docker's form", () => {
  it("keeps its layers' bytes but loses what Docker recorded about building it", async () => {
    const store = await workspace.layout("docker");
    const { descriptor, diffId } = await buildLayer(store, { "etc/os-release": "docker" });
    const config = await pushDocument(store, MediaType.dockerConfig, {
      ...RISCV,
      created: "2026-01-02T03:04:05.678901234Z",
      container: "0123",
      docker_version: "20.10",
      config: { Env: ["A=1"] },
      rootfs: { type: "layers", diff_ids: [diffId] },
    });
    const layer = { ...descriptor, mediaType: MediaType.dockerLayerGzip };
    const manifest = await pushDocument(store, MediaType.dockerManifest, {
      schemaVersion: 2,
      mediaType: MediaType.dockerManifest,
      config,
      layers: [layer],
    });
    await store.tag(manifest, "latest");
    const base = { reference: `oci:${store.directory}` };
    const steps = [{ kind: "directory", path: "/workspace" } as const];
    const { image, text } = await assembleIn(workspace, recipe({ base, steps }));
    expect(image.manifest.value.layers[0]).toEqual(descriptor);
    expect(await text("/etc/os-release")).toBe("docker");
    expect(image.config.value).not.toHaveProperty("container");
    expect(image.config.value).toMatchObject({
      created: "2026-01-02T03:04:05.678901234Z",
      history: [{ comment: "from the base image" }, { created_by: "oci-kit assemble: one" }],
    });
  });
});

it("refuses an artifact with the name base", async () => {
  const demo = { directory: workspace.directory };
  await expect(assembleIn(workspace, recipe({ artifacts: { base: demo } }))).rejects.toThrow(
    /another name than "base"/,
  );
});

it("refuses a provenance parent that is not an artifact of the recipe", async () => {
  const what = recipe({ provenance: { parent: "android" } });
  await expect(assembleIn(workspace, what)).rejects.toThrow(/provenance\.parent/);
});
