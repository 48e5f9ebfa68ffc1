// SPDX-License-Identifier: MIT
import { execFileSync } from "node:child_process";
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createProject, type Project } from "../../test/fixtures/project.ts";
import { chainGraph } from "../../test/fixtures/published-chain.ts";
import {
  readAction,
  readWorkflow,
  WORKFLOW_FILE,
  type WorkflowStep,
} from "../../test/fixtures/workflow.ts";
import { githubMatrix } from "../chain/plan/github-matrix.ts";

const workflow = readWorkflow();
const units = chainGraph("ghcr.io/family/image").units.map((unit) => {
  return { unit, action: "build" as const, reasons: [] };
});
const matrix = githubMatrix({ source: "x", units });
const JOBS = [
  ["shared", matrix.shared],
  ["architectures", matrix.architectures],
  ["index", matrix.index],
] as const;

let project: Project;
let scratch: string;
beforeAll(async () => {
  project = await createProject();
  scratch = mkdtempSync(join(tmpdir(), "oci-kit-workflow-"));
});
afterAll(async () => {
  await project.remove();
  rmSync(scratch, { recursive: true });
});

/** The words of each `oci-kit` that a step's script runs, as bash expands them. */
function wordsOf({ run }: WorkflowStep, env: Readonly<Record<string, string>>): string[][] {
  const log = join(scratch, "words");
  writeFileSync(log, "");
  // It reads the password that it is given: whoever writes to a program that has ended gets a signal.
  const told = `#!/bin/sh\n[ "$1" != login ] || cat > /dev/null\nprintf '%s\\0' "$@" >> "$LOG"\nprintf '\\n\\0' >> "$LOG"\necho '{"images":[{"pushed":"x"}]}'\n`;
  writeFileSync(join(scratch, "oci-kit"), told);
  chmodSync(join(scratch, "oci-kit"), 0o755);
  const path = `${scratch}:${process.env["PATH"] ?? ""}`;
  execFileSync("bash", ["--norc", "-eo", "pipefail", "-c", run!], {
    cwd: scratch,
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...env, PATH: path, LOG: log, GITHUB_OUTPUT: join(scratch, "output") },
  });
  const commands = readFileSync(log, "utf8").split("\n\0").slice(0, -1);
  return commands.map((command) => command.split("\0").slice(0, -1));
}

/** The environment of a step: what the matrix gives it, and any word for the rest. */
function environment(step: WorkflowStep, job: Readonly<Record<string, string>>) {
  const entries = Object.entries({ ...workflow.env, ...step.env }).map(([name, value]) => {
    const field = /^\$\{\{ matrix\.(\w+) \}\}$/.exec(value)?.[1];
    return [name, field === undefined ? "word" : job[field]!] as const;
  });
  return { GITHUB_RUN_ID: "12345678901", ...Object.fromEntries(entries) };
}

describe("the reusable workflow", () => {
  it.each(JOBS)("uses for %s only fields that the matrix of a plan has", (name, { include }) => {
    const text = JSON.stringify(workflow.jobs[name]);
    const used = [...text.matchAll(/matrix\.(\w+)/g)].map(([, field]) => field!);
    expect(used.length).toBeGreaterThan(0);
    for (const job of include) expect(Object.keys(job)).toEqual(expect.arrayContaining(used));
  });

  it("reads only inputs and outputs that exist", () => {
    const text = readFileSync(WORKFLOW_FILE, "utf8");
    const inputs = [...text.matchAll(/\binputs\.([\w-]+)/g)].map(([, name]) => name!);
    expect(Object.keys(workflow.on.workflow_call.inputs)).toEqual(expect.arrayContaining(inputs));
    const outputs = [...text.matchAll(/needs\.plan\.outputs\.([\w-]+)/g)].map(([, name]) => name!);
    expect(Object.keys(workflow.jobs["plan"]!.outputs!)).toEqual(expect.arrayContaining(outputs));
    for (const { needs = [] } of Object.values(workflow.jobs)) {
      expect(Object.keys(workflow.jobs)).toEqual(expect.arrayContaining([needs].flat()));
    }
  });

  it("gives a password to no step but the login", () => {
    const steps = Object.values(workflow.jobs).flatMap((job) => job.steps);
    const trusted = steps.filter((step) => JSON.stringify(step).includes("secrets."));
    expect(new Set(trusted.map(({ name }) => name))).toEqual(new Set(["Log in"]));
    expect(JSON.stringify(workflow.env)).not.toContain("secrets.");
  });

  const steps = Object.entries(workflow.jobs).flatMap(([job, { steps: own }]) =>
    own
      .filter(({ run }) => run?.includes("oci-kit ") === true)
      .map((step) => ({ job, step, title: `${job}: ${step.name}` })),
  );
  const action = readAction().filter(({ run }) => run?.includes("oci-kit ") === true);
  it.each([...steps, ...action.map((step) => ({ job: "", step, title: `action: ${step.name}` }))])(
    "runs commands that exist, with flags that they have, in $title",
    async ({ job, step }) => {
      const jobs = JOBS.find(([name]) => name === job)?.[1].include ?? [{}];
      const commands = jobs.flatMap((one) => wordsOf(step, environment(step, one)));
      expect(commands.length).toBeGreaterThan(0);
      const { stdout: chain } = await project.run("chain", "--help");
      for (const words of commands) {
        // without a build command the program says so, and nothing can be known of its flags
        const isKnown = words[1] !== "build" || /^ {2}build\b/m.test(chain);
        const { stderr } = await project.runWith(
          { stdin: Readable.from([]) },
          ...["-C", "/nonexistent", ...words],
        );
        const wrong = /unknown (command|option)|expected .* arguments?|has no option/i;
        if (isKnown) expect(`${words.join(" ")}: ${stderr}`).not.toMatch(wrong);
      }
    },
  );
});
