// SPDX-License-Identifier: MIT
import { appendFileSync, cpSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startDockerRegistry, type RunningRegistry } from "../interop/docker-registry.ts";
import { execute, runPeer } from "../interop/peers.ts";
import { factsOf, type Fact } from "./compare-trees.ts";
import { registerForeign, runForeign } from "./foreign-programs.ts";
import { ARCHITECTURES, createProject, INPUTS, ociKit, type Project } from "./project.ts";

const IMAGE = "family/image";
const scratch = mkdtempSync(join(tmpdir(), "oci-kit-real-"));
let project: Project;
let registry: RunningRegistry;

beforeAll(async () => {
  project = await createProject(join(scratch, "project"));
  registry = await startDockerRegistry(join(scratch, "registry"));
});

afterAll(async () => {
  await registry.stop();
  rmSync(scratch, { recursive: true, force: true });
});

/** This run has its own cache, so that it can't use results of an earlier run. */
const env = { OCI_KIT_CACHE: join(scratch, "cache") };
const assemble = (...words: string[]) => ociKit(project.directory, ["assemble", ...words], env);

describe("the main job on Debian's gcc and clang", () => {
  it("assembles every architecture in its own run with less than 200 MB of memory", async () => {
    for (const architecture of ARCHITECTURES) {
      const made = await assemble("--arch", architecture);
      console.log(`${made.stdout}${architecture}: at most ${made.peak.toFixed(0)} MB`);
      expect(made, made.stderr).toMatchObject({ status: 0 });
      expect(made.peak).toBeGreaterThan(0);
      expect(made.peak).toBeLessThan(200);
    }
  });

  it("reports that there is nothing to do the second time", async () => {
    const again = await assemble("--arch", "amd64,arm64,riscv64");
    expect(again.status).toBe(0);
    expect(again.stdout.match(/nothing to do/g)).toHaveLength(3);
  });

  it("finds that every compiler link ends at its compiler", async () => {
    const verified = await ociKit(project.directory, ["verify-links", "out/linux-runtime"], env);
    console.log(verified.stdout);
    expect(verified, verified.stdout + verified.stderr).toMatchObject({ status: 0 });
    expect(verified.stdout).toContain(".real");
  });

  it("pushes the images as one index to Debian's registry, and a second push sends nothing", async () => {
    const target = `${registry.host}/${IMAGE}:latest-cross`;
    const pushed = await ociKit(project.directory, ["manifest", "push", target], env);
    console.log(pushed.stdout);
    expect(pushed, pushed.stderr).toMatchObject({ status: 0 });
    const again = await ociKit(project.directory, ["manifest", "push", target, "--json"], env);
    expect(JSON.parse(again.stdout)).toMatchObject({ changed: false, sent: { bytes: 0 } });
  });

  it.each(ARCHITECTURES)(
    "publishes %s so that skopeo and umoci read every file unchanged",
    async (architecture) => {
      const root = await unpackPublished(architecture);
      const actual = factsOf(root);
      const { differences, compared } = compareFamily(architecture, actual);
      expect(differences).toEqual([]);
      expect(compared).toBeGreaterThan(400);
      console.log(`${architecture}: ${compared} paths are what went in`);
    },
  );

  it("yields a cc and a clang for riscv64 that run on riscv64", async () => {
    const root = join(scratch, "unpacked-riscv64", "rootfs");
    const registered = await registerForeign("riscv64");
    const { gcc, clang } = expectedEnds();
    const cc = { path: "/usr/bin/cc", elf: `${gcc}.real` };
    const gccSays = await runForeign(root, "riscv64", cc, ["--version"], registered);
    expect(gccSays).toContain(project.versions["GCC_VERSION"]);
    const clangSays = await runForeign(
      root,
      "riscv64",
      { path: "/usr/bin/clang", elf: clang },
      ["--version"],
      registered,
    );
    expect(clangSays).toContain(`clang version ${project.versions["LLVM_RELEASE"]!}`);
    expect(clangSays).toContain("riscv64");
  });

  it("makes and sends one layer and the documents when one file of one artifact changed", async () => {
    const changed = await changeOneFile("arm64", "opt/opencv5/lib/about.txt");
    const made = await assemble("--arch", "amd64,arm64,riscv64", "--json", ...changed);
    expect(made, made.stderr).toMatchObject({ status: 0 });
    const { images } = JSON.parse(made.stdout) as {
      images: { architecture: string; layers: { name: string; reused: boolean }[] }[];
    };
    const written = images.flatMap(({ architecture, layers }) =>
      layers.filter(({ reused }) => !reused).map(({ name }) => `${architecture} ${name}`),
    );
    expect(written).toHaveLength(1);
    expect(written[0]).toMatch(/^arm64 /);
    const target = `${registry.host}/${IMAGE}:latest-cross`;
    // The changed artifact was named on the command line: it is not what the configuration names.
    const force = ["--force", "stale-input"];
    const words = ["manifest", "push", target, ...force, "--json"];
    const pushed = await ociKit(project.directory, words, env);
    expect(pushed, pushed.stderr).toMatchObject({ status: 0 });
    const { sent } = JSON.parse(pushed.stdout) as { sent: { count: number; bytes: number } };
    // one layer and one config of arm64; three manifests, because the generation changed for all; the index
    expect(sent.count).toBe(1 + 1 + 3 + 1);
    expect(sent.bytes).toBeLessThan(100_000);
  });
});

function expectedEnds(): { readonly gcc: string; readonly clang: string } {
  return {
    gcc: `/opt/gcc-${project.versions["GCC_VERSION"]!}/bin/gcc`,
    clang: "/usr/local/llvm-target/bin/clang",
  };
}

/** Pulls one image of the index with skopeo, unpacks it with umoci, and returns the root filesystem. */
async function unpackPublished(architecture: string): Promise<string> {
  const layout = join(scratch, `pulled-${architecture}`);
  const bundle = join(scratch, `unpacked-${architecture}`);
  await runPeer("skopeo", [
    "--override-os",
    "linux",
    "--override-arch",
    architecture,
    "copy",
    "--src-tls-verify=false",
    `docker://${registry.host}/${IMAGE}:latest-cross`,
    `oci:${layout}:pulled`,
  ]);
  await runPeer("umoci", ["unpack", "--image", `${layout}:pulled`, bundle]);
  return join(bundle, "rootfs");
}

/** Where the recipe puts a path of the artifact: at the same place, except for one tree that moves. */
function placeOf(path: string): string | undefined {
  const moved = path.replace(/^opt\/llvm-target/, "usr/local/llvm-target");
  const python = moved.replace(
    /^opt\/python-cross-ft\/[^/]+\/opt\/python-freethreaded/,
    "opt/python-freethreaded",
  );
  return python.startsWith("opt/python-cross-ft") ? undefined : python;
}

/** Trees that the recipe gives to the runtime user. */
const OWNED = /^(?:opt\/flutter|usr\/local\/(?:rustup|cargo))(?:\/|$)/;
const SHARED_PARENT = /^(?:|opt|usr|usr\/local|usr\/local\/lib)$/;

function compareFamily(
  architecture: string,
  actual: ReadonlyMap<string, Fact>,
): { differences: string[]; compared: number } {
  const differences: string[] = [];
  let compared = 0;
  for (const [path, fact] of factsOf(join(INPUTS, "trees", architecture))) {
    const place = placeOf(path);
    if (place === undefined || SHARED_PARENT.test(place) || isNotCopied(place, architecture))
      continue;
    const expected = OWNED.test(place) ? { ...fact, owner: "1001:1001" } : fact;
    const found = actual.get(place);
    compared += 1;
    if (JSON.stringify(found) === JSON.stringify(expected)) continue;
    differences.push(
      `${place}: expected ${JSON.stringify(expected)}, got ${JSON.stringify(found)}`,
    );
  }
  return { differences: differences.slice(0, 20), compared };
}

/** Whether the recipe leaves a path out, or empty, for an architecture. */
function isNotCopied(place: string, architecture: string): boolean {
  if (/^opt\/(?:armnn|acl)(?:\/|$)/.test(place)) return architecture !== "arm64";
  return /^opt\/flutter(?:\/|$)/.test(place) && architecture === "riscv64";
}

/** Copies the artifact image of an architecture with one file changed; returns the flags that select it. */
async function changeOneFile(architecture: string, path: string): Promise<string[]> {
  const layout = join(scratch, "changed", architecture);
  cpSync(join(INPUTS, "android", architecture), layout, { recursive: true });
  const tree = join(scratch, "changed-tree");
  const directory = join(tree, path, "..");
  await execute("mkdir", ["-p", directory]);
  cpSync(join(INPUTS, "trees", architecture, path), join(tree, path), { preserveTimestamps: true });
  appendFileSync(join(tree, path), "changed\n");
  const layer = join(scratch, "changed.tar");
  await execute("tar", ["--numeric-owner", "-C", tree, "-cf", layer, path]);
  await runPeer("umoci", ["raw", "add-layer", "--image", `${layout}:latest`, layer]);
  for (const other of ARCHITECTURES) {
    if (other !== architecture)
      cpSync(join(INPUTS, "android", other), join(scratch, "changed", other), { recursive: true });
  }
  return ["--artifact", `android=oci:${join(scratch, "changed")}/\${ARCH}:latest`];
}
