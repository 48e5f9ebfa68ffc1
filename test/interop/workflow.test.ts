// SPDX-License-Identifier: MIT
import { execFile } from "node:child_process";
import {
  cpSync,
  existsSync,
  mkdirSync,
  readFileSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { GithubMatrix, MatrixJob } from "../../src/chain/plan/github-matrix.ts";
import { openRepository } from "../../src/registry/repository.ts";
import { serveRegistry, type RegistryServer } from "../../src/server/serve.ts";
import { readIndex } from "../../src/store/read-documents.ts";
import { type DockerDouble, writeDockerDouble } from "../fixtures/docker-double.ts";
import { ARCHITECTURES, configuration } from "../fixtures/project.ts";
import { expand, readWorkflow } from "../fixtures/workflow.ts";
import { makeScratch } from "./scratch.ts";

const CLI = join(import.meta.dirname, "../../bin/oci-kit");
const workflow = readWorkflow();
const scratch = makeScratch();
let server: RegistryServer;
let repository: string;
let text: string;
let docker: DockerDouble;

const STAGES = {
  sdk: {
    perArch: true,
    dockerfile: "sdk/Dockerfile",
    context: "sdk",
    tag: "sdk-${ARCH}",
    layout: "out/sdk/${ARCH}",
  },
  package: { lane: "runtime", kind: "recipe", parent: "sdk", perArch: true, tag: "latest-${ARCH}" },
  runtime: { lane: "runtime", kind: "index", parent: "package", tag: "latest" },
};

beforeAll(async () => {
  server = await serveRegistry({ directory: scratch.make("registry") });
  repository = `127.0.0.1:${server.port}/family/image`;
  const artifacts = { gcc: "oci:out/sdk/${ARCH}", data: { directory: "data" } };
  const provenance = { parent: "gcc" };
  const steps = [{ copy: "/share", from: "data", to: "/usr/share/family" }];
  const layers = [{ name: "data", steps }];
  const more = { artifacts, provenance, layers, links: [], stages: STAGES };
  text = configuration(repository, more);
  docker = writeDockerDouble(scratch.path("docker"));
  symlinkSync(CLI, join(scratch.make("bin"), "oci-kit"));
});
afterAll(() => server.close());

/** A fresh checkout on a machine of its own. */
function checkout(name: string): string {
  const place = scratch.make(name);
  mkdirSync(join(place, "linux"));
  mkdirSync(join(place, "data/share"), { recursive: true });
  writeFileSync(join(place, "linux/oci-kit.yaml"), text);
  writeFileSync(join(place, "data/share/readme"), "one for all");
  // a layer has the times of its files: two checkouts that are to make one layer agree in them
  for (const path of ["data/share/readme", "data/share", "data"])
    utimesSync(join(place, path), 1760000000, 1760000000);
  mkdirSync(join(place, "sdk"));
  writeFileSync(join(place, "sdk/Dockerfile"), "FROM scratch\n");
  return place;
}

async function bash(place: string, script: string, env: Readonly<Record<string, string>> = {}) {
  const path = `${join(scratch.directory, "bin")}:${docker.path}:${process.env["PATH"]}`;
  const output = join(place, "github-output");
  const command = promisify(execFile)("bash", ["--norc", "-eo", "pipefail", "-c", script], {
    cwd: place,
    env: { PATH: path, HOME: join(place, "home"), GITHUB_OUTPUT: output, ...env },
  });
  command.child.stdin?.end();
  const { stdout } = await command;
  return { stdout, output };
}

/** Runs the named step of a job as a runner does. */
async function step(place: string, job: string, name: string, matrix: MatrixJob, runId = "") {
  const found = workflow.jobs[job]!.steps.find((one) => one.name === name)!;
  const values = {
    "inputs.config": "linux/oci-kit.yaml",
    "inputs.variant": "",
    "needs.plan.outputs.run-id": runId,
    ...Object.fromEntries(Object.entries(matrix).map(([key, value]) => [`matrix.${key}`, value])),
  };
  const { CONFIG, VARIANT } = workflow.env as { CONFIG: string; VARIANT: string };
  const env = Object.entries({ CONFIG, VARIANT, ...found.env });
  const told = Object.fromEntries(env.map(([key, value]) => [key, expand(value, values)]));
  return bash(place, found.run!, { GITHUB_RUN_ID: "12345678901", ...told });
}

async function outputs(place: string): Promise<Readonly<Record<string, string>>> {
  const file = join(place, "github-output");
  if (existsSync(file)) writeFileSync(file, "");
  await step(place, "plan", "Name the generation", {});
  await step(place, "plan", "Plan", {});
  const lines = readFileSync(file, "utf8").trimEnd().split("\n");
  const pairs = lines.map((line) => [line.split("=")[0]!, line.replace(/^[^=]*=/, "")] as const);
  return Object.fromEntries(pairs);
}

const matrixIn = (told: Readonly<Record<string, string>>, name: keyof GithubMatrix) =>
  (JSON.parse(told[name]!) as GithubMatrix["shared"]).include;

describe("the scripts of the reusable workflow, on machines that share nothing but the registry", () => {
  it("plan, build and assemble each architecture on its own, publish one index, and have nothing to do then", async () => {
    const told = await outputs(checkout("plan"));
    expect(told["run-id"]).toMatch(/^\d{8}-\d{6}-[0-9a-f]{8}$/);
    expect(matrixIn(told, "shared")).toEqual([]);
    const jobs = matrixIn(told, "architectures");
    expect(jobs.map(({ architecture, build }) => [architecture, build])).toEqual(
      ARCHITECTURES.map((name) => [name, `--arch ${name} --only sdk`]),
    );
    const places = jobs.map(({ architecture }) => checkout(`job-${architecture!}`));
    await Promise.all(
      jobs.map(async (job, at) => {
        const place = places[at]!;
        await step(place, "architectures", "Build", job);
        await step(place, "architectures", "Assemble, and push by digest", job, told["run-id"]);
      }),
    );
    const [index] = matrixIn(told, "index");
    const last = checkout("index");
    for (const place of places)
      cpSync(join(place, "pushed"), join(last, "pushed"), { recursive: true });
    const { stdout } = await step(last, "index", "Publish the index", index!);
    expect(stdout).toContain("fresh");
    const store = openRepository({
      registry: `127.0.0.1:${server.port}`,
      repository: "family/image",
    });
    const { value } = await readIndex(store, await store.resolve("latest"));
    expect(value.manifests.map(({ platform }) => platform?.architecture)).toEqual([
      ...ARCHITECTURES,
    ]);
    const again = await outputs(checkout("again"));
    expect([matrixIn(again, "architectures"), matrixIn(again, "index")]).toEqual([[], []]);
    const touched = checkout("touched");
    writeFileSync(join(touched, "sdk/tool"), "new");
    expect(matrixIn(await outputs(touched), "architectures")).toHaveLength(3);
  });
});

describe("two machines that do one stage at the same time", () => {
  it("push the same image under the same tag, and both are done", async () => {
    const places = ["one", "two"].map((name) => checkout(`same-${name}`));
    for (const place of places) {
      mkdirSync(join(place, "root"));
      writeFileSync(join(place, "root/data"), Buffer.alloc(8 << 20, "the same on both"));
      for (const path of ["root/data", "root"])
        utimesSync(join(place, path), 1760000000, 1760000000);
    }
    const target = `${repository}:twice-amd64`;
    const words = "--platform linux/amd64 --created 1760000000 --json";
    const ran = await Promise.all(
      places.map((place) => bash(place, `oci-kit pack root ${target} ${words}`)),
    );
    const store = openRepository({
      registry: `127.0.0.1:${server.port}`,
      repository: "family/image",
    });
    const { digest } = await store.resolve("twice-amd64");
    for (const { stdout } of ran) expect(stdout).toContain(digest);
    // The family asks for a compiler, which this root does not have.
    await bash(places[0]!, `oci-kit verify --no-config ${target}`);
  });
});
