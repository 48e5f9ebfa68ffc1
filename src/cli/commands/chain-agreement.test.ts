// SPDX-License-Identifier: MIT
import { rmSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type DockerDouble, writeDockerDouble } from "../../../test/fixtures/docker-double.ts";
import { configuration, createProject, type Project } from "../../../test/fixtures/project.ts";

const SHARED = { perArch: true, dockerfile: "sdk/Dockerfile", context: "sdk" };
const STAGES = {
  base: { dockerfile: "base/Dockerfile", context: "base", tag: "base" },
  sdk: { ...SHARED, parent: "base", tag: "sdk-${ARCH}", args: { TARGET: "${ARCH}" } },
  package: { lane: "runtime", kind: "recipe", parent: "sdk", perArch: true, tag: "latest-${ARCH}" },
  runtime: { lane: "runtime", kind: "index", parent: "package", tag: "latest" },
  tool: {
    ...{ ...SHARED, lane: "runtime", runsOn: "build", parent: "base", tag: "tool-${ARCH}" },
    ...{ dockerfile: "tool/Dockerfile", context: "tool/${ARCH}" },
  },
  tools: { lane: "runtime", kind: "index", parent: "tool", tag: "tools" },
};
const ARCHITECTURES = ["amd64", "arm64"];
const TAGS = ["base", "latest", "tools", ...["sdk", "latest", "tool", "tools"].flatMap(perArch)];

function perArch(name: string): string[] {
  return ARCHITECTURES.map((architecture) => `${name}-${architecture}`);
}

let project: Project;
let docker: DockerDouble;
beforeEach(async () => {
  project = await createProject();
  docker = writeDockerDouble(join(project.directory, "../bin"));
  const artifacts = { sdk: "oci:out/sdk/${ARCH}", gcc: { directory: "gcc/${ARCH}" } };
  const layers = [{ name: "gcc", steps: [{ copy: "/bin", from: "gcc", to: "/opt/gcc/bin" }] }];
  const provenance = { parent: "sdk" };
  // what stands for Docker makes images without a compiler
  const made = { provenance, artifacts, layers, links: [] };
  const more = { architectures: ARCHITECTURES, stages: STAGES, ...made };
  project.write("linux/oci-kit.yaml", configuration(project.repository, more));
  for (const stage of ["base", "sdk", "tool"]) {
    project.write(`${stage}/Dockerfile`, "ARG BASE_IMAGE=scratch\nFROM ${BASE_IMAGE}\n");
  }
  for (const architecture of ARCHITECTURES) project.write(`tool/${architecture}/source`, "1");
});
afterEach(() => project.remove());

interface Told {
  readonly image: string;
  readonly action?: string;
  readonly status?: string;
  /** Of a plan they are objects. */
  readonly reasons: readonly unknown[];
}

const chain = (...words: string[]) =>
  project.runWith({ env: { PATH: docker.path } }, "chain", ...words);

async function units(state: string, ...words: string[]): Promise<readonly Told[]> {
  const { status, stdout, stderr } = await chain(...words, "--json");
  const failure = status === 0 ? "" : `${stdout}${stderr}`;
  expect({ state, words, failure }).toEqual({ state, words, failure: "" });
  return (JSON.parse(stdout) as { units: readonly Told[] }).units;
}

const said = (told: readonly Told[]): Readonly<Record<string, string | undefined>> =>
  Object.fromEntries(told.map(({ image, action, status }) => [image, action ?? status]));

/** What a run calls the actions of a dry run. */
const ENDS: Readonly<Record<string, string>> = {
  ...{ build: "built", assemble: "assembled", join: "joined" },
  ...{ push: "pushed", retag: "retagged", keep: "kept" },
};

/** Plans, plans as a run, runs, and holds all three against each other. */
async function compare(state: string, ...place: readonly string[]): Promise<void> {
  const planned = await units(state, "plan", ...place);
  // a file that is again as it was makes an image that was replaced since, which is refused otherwise
  // and nobody knows what an index had of which an image was deleted
  const force = ["older-than-published", "published-unreadable"];
  const build = ["build", ...place, ...force.flatMap((gate) => ["--force", gate])];
  const dry = await units(state, ...build, "--dry-run");
  const ran = await units(state, ...build);
  const ends = said(ran);
  const expected = said(dry);
  for (const { image, action, reasons } of dry) {
    const isKept = planned.find((one) => one.image === image)?.action === "keep";
    expect({ state, image, reasons, isKept }).toMatchObject({ isKept: action === "keep" });
    const { reasons: why = [] } = ran.find((one) => one.image === image) ?? {};
    // An image that is made anew can come out as it was: then the index that holds it stays.
    const isSameAgain = action === "join" && ends[image] === "kept";
    if (!isSameAgain)
      expect({ state, image, why, end: ends[image] }).toMatchObject({
        end: ENDS[expected[image]!],
      });
    if (action === "build" && !JSON.stringify(reasons).includes("is made anew")) {
      expect({ state, image, why }).toMatchObject({ why: reasons });
    }
  }
}

/** A small generator of numbers (mulberry32), so that a seed tells the whole case. */
function numbers(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}

/** Takes something away, or writes a file: what the chain is like before a plan. Returns what was done. */
async function disturb(number: (below: number) => number, inLayouts: boolean): Promise<string> {
  const tag = TAGS[number(TAGS.length)]!;
  const architecture = ARCHITECTURES[number(ARCHITECTURES.length)]!;
  const what = number(6);
  if (inLayouts && what < 3) {
    rmSync(`out/chain/layouts/${tag}`, { recursive: true, force: true });
    return `no layout ${tag}`;
  }
  switch (what) {
    case 0:
    case 1: {
      await project.run("delete", `${project.repository}:${tag}`);
      return `no tag ${tag}`;
    }
    case 2: {
      await project.run("delete", `${project.repository}:${tag}`, "--manifest");
      return `no image ${tag}`;
    }
    case 3: {
      const places = ["base", "sdk", `tool/${architecture}`, `gcc/${architecture}/bin`];
      const place = places[number(places.length)]!;
      const content = String(number(2));
      project.write(`${place}/source`, content);
      return `${place}/source is ${content}`;
    }
    case 4:
      rmSync(`out/linux-runtime/${architecture}`, { recursive: true, force: true });
      return `no layout of ${architecture}`;
    default:
      rmSync("out/chain/status.json", { force: true });
      return "no status";
  }
}

describe("a plan, a dry run and a run", () => {
  it.each([
    ["in a repository", []],
    ["in layouts", ["--no-push"]],
  ])(
    "say the same of random states of a chain %s",
    async (_, place) => {
      const seed = Number(process.env["OCI_KIT_CHAIN_SEED"] ?? 12);
      const rounds = Number(process.env["OCI_KIT_CHAIN_ROUNDS"] ?? 4);
      const number = numbers(seed);
      await compare(`seed ${seed}: nothing is there`, ...place);
      for (let round = 0; round < rounds; round++) {
        const done: string[] = [];
        for (let at = number(4); at >= 0; at--) done.push(await disturb(number, place.length > 0));
        await compare(`seed ${seed}, round ${round}: ${done.join(", ")}`, ...place);
      }
    },
    120_000,
  );

  it("keep all images of an index but the one that is not there", async () => {
    await compare("nothing is there");
    const only = { "tool-arm64": "build", "tool-amd64": "keep", "package-arm64": "keep" };
    await project.run("delete", `${project.repository}:tool-arm64`);
    rmSync("out/chain", { recursive: true });
    rmSync("linux/chain.lock", { force: true });
    rmSync("chain.lock", { force: true });
    expect(said(await units("", "plan"))).toMatchObject({ ...only, tools: "build" });
    expect(said(await units("", "build", "--dry-run"))).toMatchObject({ ...only, tools: "join" });
    await compare("tool-arm64 is not there");
  });

  it("push an assembled image that is only in its layout, and keep what holds it", async () => {
    await compare("nothing is there");
    await project.run("delete", `${project.repository}:latest-arm64`);
    const only = { "package-arm64": "push", "package-amd64": "keep" };
    expect(said(await units("", "build", "--dry-run"))).toMatchObject(only);
    await compare("latest-arm64 is not there");
  });

  it("set a tag of an index again that is not there", async () => {
    await compare("nothing is there");
    await project.run("delete", `${project.repository}:tools-arm64`);
    const dry = await units("", "build", "--dry-run");
    expect(said(dry)).toMatchObject({ tools: "join", "tool-arm64": "keep" });
    await compare("tools-arm64 is not there");
  });

  it("assemble anew with --no-cache", async () => {
    await compare("nothing is there");
    const words = ["build", "--no-cache", "--only", "package"];
    const assembled = { "package-amd64": "assemble", "package-arm64": "assemble" };
    expect(said(await units("", ...words, "--dry-run"))).toEqual(assembled);
    expect(Object.values(said(await units("", ...words)))).toEqual(["assembled", "assembled"]);
  });

  it("make one architecture where what another is made from is not there", async () => {
    await units("", "build", "--only", "base", "--only", "sdk", "--arch", "amd64");
    const words = ["build", "--only", "package", "--arch", "amd64"];
    expect(said(await units("", ...words, "--dry-run"))).toEqual({ "package-amd64": "assemble" });
    expect(said(await units("", ...words))).toEqual({ "package-amd64": "assembled" });
    expect(said(await units("", "plan", ...words.slice(1)))).toEqual({ "package-amd64": "keep" });
  });
});

describe("chain plan --why", () => {
  it("says of an image that is gone that it is not there and is built, whatever is remembered", async () => {
    await compare("nothing is there");
    await project.run("delete", `${project.repository}:base`, "--manifest");
    const { stdout } = await chain("plan", "--why", "base");
    expect(stdout).toMatch(/^base: base is not there: it is built$/m);
    expect(stdout).not.toContain("kept");
  });

  it("says of an image that lost its tag that it gets it again", async () => {
    await compare("nothing is there");
    await project.run("delete", `${project.repository}:base`);
    const { stdout } = await chain("plan", "--why", "base");
    expect(stdout).toMatch(/^base: nothing that it is made of has changed: an image of it gets/m);
  });

  it("says of one architecture that it is built because of another of its generation", async () => {
    await compare("nothing is there");
    project.write("tool/arm64/source", "another");
    const { stdout } = await chain("plan", "--why", "tool");
    expect(stdout).toMatch(
      /^tool-amd64: another architecture of its generation is .*: it is built/m,
    );
    expect(stdout).toMatch(/^tool-arm64: 1 difference to last time: it is built$/m);
  });
});
