// SPDX-License-Identifier: MIT
import { existsSync, mkdtempSync, readdirSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type ChainProject, makeChainProject } from "../../test/fixtures/chain-run.ts";
import { watchedImage } from "../../test/fixtures/watched-image.ts";
import { openConversions } from "../convert/kept/conversions.ts";
import { removeTree } from "../files/remove-tree.ts";
import { rememberSize } from "./buildkit/places/stage-sizes.ts";
import { formatCommand } from "./buildkit/process/shell-command.ts";
import { explainStage } from "./run/explain-stage.ts";
import { planRun } from "./run/plan-run.ts";
import { readStatus } from "./run/status/status-file.ts";

let project: ChainProject;
beforeEach(async () => {
  const build = {
    dockerfile: "sdk/Dockerfile",
    context: "sdk",
    target: "final",
    args: { TARGET_ARCH: "${ARCH}" },
    network: "none",
    addHosts: { mirror: "127.0.0.1" },
    cacheTo: ["type=local,dest=out/cache"],
  };
  project = await makeChainProject({ build });
});
afterEach(() => project.remove());

describe("what went wrong with builders before", () => {
  it("dead stream: a build whose progress ends before it does is no failed build", async () => {
    project.write("base", "silent");
    const { result, units } = await project.run();
    expect(result).toBe("done");
    expect(units.map(({ word }) => word)).toEqual(["built", "built", "built"]);
  });

  it("dead stream: a build that fails after all its steps were done is a failed build", async () => {
    project.write("base", "fail-after");
    const { result, units } = await project.run();
    expect(result).toBe("failed");
    expect(units.map(({ word }) => word)).toEqual(["failed", "blocked", "blocked"]);
    expect(project.registry.requests.filter((request) => request.startsWith("PUT"))).toEqual([]);
  });

  it("no cancel: a build that is running is ended when it is asked to, and the status says so", async () => {
    project.write("base", "hang");
    const stop = new AbortController();
    const { result } = await project.run({
      signal: stop.signal,
      onProgress: (event) => {
        if (event.kind === "building") stop.abort();
      },
    });
    expect(result).toBe("stopped");
    expect(readStatus(project.state)?.units["base"]?.status).toBe("stopped");
    expect(readdirSync(join(project.options.cache, "contexts"))).toEqual([]);
  });

  it("second conversion: another name for an image converts nothing, and never waits for ever", async () => {
    const directory = mkdtempSync(join(tmpdir(), "oci-kit-second-name-"));
    try {
      const { image, reads } = await watchedImage({ file: "x" });
      const names = ["builds/1", "family/image:latest", "family/image:again"];
      const convert = (name: string) => openConversions(directory).convert({ image }, [name]);
      await Promise.all(names.slice(0, 2).map(convert));
      await convert(names[2]!);
      expect(reads()).toBe(1);
      const listed = (await openConversions(directory).list()).names;
      expect(listed.map(({ problem }) => problem)).toEqual([undefined, undefined, undefined]);
    } finally {
      await removeTree(directory);
    }
  });

  it("full disk: a stage that took more than there is room for is refused before it starts", async () => {
    const { cache, directory } = project.options;
    await rememberSize(cache, `${directory}:base`, 2 ** 52);
    const { units } = await project.run();
    expect(units.map(({ word }) => word)).toEqual(["failed", "blocked", "blocked"]);
    expect(units[0]!.reasons[0]).toMatch(
      /^base: expected [\d.]+ GB free on the disk of .*than it took last time, got [\d.]+ GB$/,
    );
    expect(project.docker.calls()).toEqual([]);
  });

  it("dead wiring: what a stage declares is in the builder's command", async () => {
    await project.run({ selection: { only: ["base"] } });
    const planned = await planRun(project.graph, { ...project.options, noCache: true, pull: true });
    const command = formatCommand(planned.find(({ unit }) => unit.id === "sdk-arm64")!.command!);
    for (const word of [
      ...["--build-arg=TARGET_ARCH=arm64", "--target=final", "--network=none", "--no-cache"],
      ...["--add-host=mirror=127.0.0.1", "--pull", "--platform=linux/amd64"],
      `--cache-to=type=local,dest=${project.directory}/out/cache`,
    ]) {
      expect(command).toContain(word);
    }
  });

  it("dead wiring: .dockerignore keeps files out of the context, and out of what makes a stage anew", async () => {
    writeFileSync(join(project.directory, "base/.dockerignore"), "*.log\n");
    await project.run({ selection: { only: ["base"] } });
    writeFileSync(join(project.directory, "base/build.log"), "x");
    const [explained] = await explainStage(project.graph, "base", project.options);
    expect(explained!.change.now).toBe(explained!.change.previous);
    expect(explained!.context.files).toBe(2);
    expect(existsSync(join(project.directory, "base/build.log"))).toBe(true);
  });
});
