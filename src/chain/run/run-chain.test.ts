// SPDX-License-Identifier: MIT
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type ChainProject, makeChainProject } from "../../../test/fixtures/chain-run.ts";
import { explainStage } from "./explain-stage.ts";
import { planRun } from "./plan-run.ts";
import type { RunEvent, RunOptions } from "./place/run-options.ts";
import type { ChainRun } from "./run-chain.ts";
import { parseStatus } from "./status/chain-status.ts";
import { isRunning, readStatus } from "./status/status-file.ts";

let project: ChainProject;
beforeEach(async () => {
  project = await makeChainProject();
});
afterEach(() => project.remove());

const IDS = ["base", "sdk-amd64", "sdk-arm64"];

function words({ units }: ChainRun): Readonly<Record<string, string>> {
  return Object.fromEntries(units.map(({ unit, word }) => [unit.id, word]));
}

const all = (word: string): Readonly<Record<string, string>> =>
  Object.fromEntries(IDS.map((id) => [id, word]));

/** A registry that refuses for good: what may pass would be tried again for minutes. */
const REFUSES = { kind: "answer", status: 403, body: "{}" } as const;

describe("a run of a chain", () => {
  it("builds each image once, and then none", async () => {
    expect(words(await project.run())).toEqual(all("built"));
    expect(words(await project.run())).toEqual(all("kept"));
    expect(project.docker.calls()).toEqual(["base", "sdk", "sdk"]);
  });

  it("builds exactly what hangs on a file that was touched", async () => {
    await project.run();
    writeFileSync(join(project.directory, "sdk/tool"), "new");
    const { units } = await project.run();
    expect(units.map(({ word, reasons }) => [word, reasons[0]])).toEqual([
      ["kept", "nothing that it is made of has changed"],
      ["built", "added  tool"],
      ["built", "added  tool"],
    ]);
  });

  it("has a progress that ends before the build, and is no failure for it", async () => {
    project.write("base", "silent");
    const { units, result } = await project.run();
    expect(result).toBe("done");
    expect(units[0]).toMatchObject({ word: "built" });
  });

  it("tells how big a context is before it is sent, and how much of it was sent", async () => {
    const events: RunEvent[] = [];
    await project.run({ onProgress: (event) => events.push(event), parallel: 1 });
    const ofBase = events.filter(({ unit }) => unit === "base");
    const kinds = ofBase.map((event) =>
      event.kind === "building" ? event.event.kind : event.kind,
    );
    expect(kinds.indexOf("context")).toBeLessThan(kinds.indexOf("context-sent"));
    const sent = ofBase.flatMap((event) =>
      event.kind === "building" && event.event.kind === "context-sent" ? [event.event] : [],
    );
    expect(sent.at(-1)).toEqual({
      kind: "context-sent",
      context: "context",
      bytes: 4096,
      isFinished: true,
    });
  });
});

describe("a run that is stopped", () => {
  it("ends the build, says so of each image, and the next one goes on under its run id", async () => {
    project.write("sdk", "hang");
    const stop = new AbortController();
    const stopped = await project.run({
      signal: stop.signal,
      onProgress: (event) => {
        if (event.kind === "building" && event.unit === "sdk-arm64") stop.abort();
      },
    });
    expect(stopped.result).toBe("stopped");
    expect(words(stopped)).toEqual({
      base: "built",
      "sdk-amd64": "stopped",
      "sdk-arm64": "stopped",
    });
    expect(readStatus(project.state)?.result).toBe("stopped");
    expect(readdirSync(join(project.options.cache, "contexts"))).toEqual([]);
    project.write("sdk");
    const next = await project.run();
    expect(next).toMatchObject({ result: "done", resumed: true, runId: stopped.runId });
    expect(words(next)).toEqual({ base: "kept", "sdk-amd64": "built", "sdk-arm64": "built" });
    expect(await project.run()).toMatchObject({ resumed: false });
  });

  it("begins nothing more when it was stopped before", async () => {
    const run = await project.run({ signal: AbortSignal.abort() });
    expect(run.result).toBe("stopped");
    expect(words(run)).toEqual(all("stopped"));
    expect(project.docker.calls()).toEqual([]);
  });
});

describe("a stage that fails", () => {
  it("is tried once more by itself when a registry was in trouble", async () => {
    project.write("base", "refuse-once");
    const warnings: string[] = [];
    const run = await project.run({
      onProgress: (event) => {
        if (event.kind === "warning") warnings.push(event.message);
      },
    });
    expect(words(run)).toEqual(all("built"));
    expect(project.docker.calls()).toEqual(["base", "base", "sdk", "sdk"]);
    expect(warnings).toEqual([expect.stringContaining("it is tried once more") as string]);
  });

  it("is not tried again when its own step failed, and stops only what hangs on it", async () => {
    project.write("base", "fail");
    const run = await project.run();
    expect(run.result).toBe("failed");
    expect(words(run)).toEqual({ base: "failed", "sdk-amd64": "blocked", "sdk-arm64": "blocked" });
    expect(project.docker.calls()).toEqual(["base"]);
  });
});

describe("a stage that is built although nothing of it has changed", () => {
  const reasonsOf = async (more: Partial<RunOptions> = {}): Promise<unknown[]> => {
    const planned = await planRun(project.graph, { ...project.options, ...more });
    return planned.map(({ reasons }) => reasons);
  };

  it("says which flag it is built for, and nothing of other architectures", async () => {
    await project.run();
    const below = "base is made anew";
    const [noCache, pull] = ["--no-cache", "--pull"];
    expect(await reasonsOf({ noCache: true })).toEqual([
      [noCache],
      ...[0, 1].map(() => [noCache, below]),
    ]);
    expect(await reasonsOf({ pull: true })).toEqual([[pull], ...[0, 1].map(() => [pull, below])]);
    const { units } = await project.run({ pull: true });
    expect(units[0]!.reasons).toEqual([pull]);
  });

  it("says that its image is not there", async () => {
    await project.run({ selection: { only: ["base"] } });
    const other = { ...project.graph, repository: `${project.registry.host}/family/emptied` };
    const [base] = await planRun(other, { ...project.options, selection: { only: ["base"] } });
    expect(base).toMatchObject({ action: "build", reasons: ["base is not there"] });
  });
});

describe("a stage whose context is not there", () => {
  it("says so, in a run, in a plan and where its inputs are explained", async () => {
    const build = { dockerfile: "base/Dockerfile", context: "nowhere" };
    const other = await makeChainProject({ build });
    try {
      const message = `${join(other.directory, "nowhere")}: expected a directory, got nothing`;
      const { units } = await other.run();
      expect(units[1]).toMatchObject({ word: "failed", reasons: [message] });
      const refused = { code: "not-found", message };
      await expect(planRun(other.graph, other.options)).rejects.toMatchObject(refused);
      const explaining = explainStage(other.graph, "sdk", other.options);
      await expect(explaining).rejects.toMatchObject(refused);
    } finally {
      await other.remove();
    }
  });
});

describe("a push that fails", () => {
  it("is made again by the next run, which builds nothing", async () => {
    project.registry.fail({ on: { method: "PUT", reference: "base" }, does: REFUSES });
    const failed = await project.run();
    expect(words(failed)).toEqual({
      base: "failed",
      "sdk-amd64": "blocked",
      "sdk-arm64": "blocked",
    });
    project.registry.heal();
    const next = await project.run({ selection: { only: ["base"] } });
    expect(words(next)).toEqual({ base: "pushed" });
    expect(project.docker.calls()).toEqual(["base"]);
    expect(existsSync(join(project.state, "built/base"))).toBe(false);
  });
});

describe("the status of a run", () => {
  it("is whole at every moment, and says that it is running", async () => {
    const path = join(project.state, "status.json");
    const seen = new Set<string>();
    const running: Promise<boolean>[] = [];
    await project.run({
      onProgress: () => {
        const status = parseStatus(readFileSync(path, "utf8"), path);
        expect(status.result).toBeUndefined();
        for (const [id, unit] of Object.entries(status.units)) seen.add(`${id} ${unit.status}`);
        running.push(isRunning(project.state));
      },
    });
    for (const id of IDS) expect([...seen]).toEqual(expect.arrayContaining([`${id} running`]));
    expect(new Set(await Promise.all(running))).toEqual(new Set([true]));
    expect(await isRunning(project.state)).toBe(false);
    expect(readStatus(project.state)?.result).toBe("done");
    expect(readdirSync(project.state).sort()).toEqual(["built", "logs", "status.json"]);
  });

  it("of a killed run, with half of a status beside it, is gone on from", async () => {
    const { runId } = await project.run({ selection: { only: ["base"] } });
    const path = join(project.state, "status.json");
    const { result, ...killed } = JSON.parse(readFileSync(path, "utf8")) as Record<string, unknown>;
    expect(result).toBe("done");
    writeFileSync(path, JSON.stringify(killed));
    expect(await project.run()).toMatchObject({ runId, resumed: true, result: "done" });
    writeFileSync(path, '{"version":1,"runId":');
    await expect(project.run()).rejects.toMatchObject({ code: "invalid-json" });
  });

  it("belongs to one run: a second one in the same checkout is refused at once", async () => {
    let second: Promise<ChainRun> | undefined;
    await project.run({
      onProgress: () => {
        second ??= project.run();
        second.catch(() => undefined);
      },
    });
    await expect(second).rejects.toMatchObject({ code: "locked" });
  });
});

describe("a stage whose inputs no key covers", () => {
  it("is always built, but for what the same run built before it was interrupted", async () => {
    const secret = {
      build: { dockerfile: "sdk/Dockerfile", context: "sdk", secrets: { t: { env: "HOME" } } },
    };
    const other = await makeChainProject(secret);
    try {
      other.registry.fail({ on: { method: "PUT", reference: "sdk-arm64" }, does: REFUSES });
      const failed = await other.run();
      expect(words(failed)).toMatchObject({ "sdk-amd64": "built", "sdk-arm64": "failed" });
      other.registry.heal();
      expect(words(await other.run())).toEqual({
        base: "kept",
        "sdk-amd64": "kept",
        "sdk-arm64": "pushed",
      });
      expect(words(await other.run())).toMatchObject({
        "sdk-amd64": "built",
        "sdk-arm64": "built",
      });
    } finally {
      await other.remove();
    }
  });
});
