// SPDX-License-Identifier: MIT
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createImagesProject, type ImagesProject } from "../../../test/fixtures/images-project.ts";

let project: ImagesProject;

beforeEach(async () => {
  project = await createImagesProject();
});
afterEach(() => project.remove());

describe("config", () => {
  it("changes what its flags name and nothing else", async () => {
    const before = await project.inspected("oci:images:one");
    await project.edited(
      ...["config", "oci:images:one", "oci:images:two", "--env", "A=b=c", "--label", "l=1"],
      ...["--annotation", "n=2", "--user", "1:1", "--workdir", "/w", "--expose", "53/udp"],
      ...["--volume", "/v", "--stop-signal", "SIGINT", "--author", "me", "--onbuild", "RUN x"],
      ...["--entrypoint", '["/init","-q"]', "--shell", '["/bin/bash","-c"]'],
      ...["--healthcheck-cmd", "curl localhost", "--healthcheck-interval", "30s"],
      ...["--healthcheck-retries", "3", "--args-escaped", "false"],
      ...["--created", "2026-01-31T12:00:00Z", "--set-platform", "linux/arm64"],
    );
    const { config, manifest } = await project.inspected("oci:images:two");
    expect(manifest.annotations).toEqual({ n: "2" });
    expect(manifest.layers).toEqual(before.manifest.layers);
    const { history, rootfs } = before.config;
    expect(config).toEqual({
      ...{ history, rootfs, architecture: "arm64", os: "linux", author: "me" },
      created: "2026-01-31T12:00:00Z",
      config: {
        Cmd: ["sh"],
        Env: ["A=b=c"],
        Labels: { l: "1" },
        User: "1:1",
        WorkingDir: "/w",
        ExposedPorts: { "53/udp": {} },
        Volumes: { "/v": {} },
        StopSignal: "SIGINT",
        OnBuild: ["RUN x"],
        Entrypoint: ["/init", "-q"],
        Shell: ["/bin/bash", "-c"],
        Healthcheck: { Test: ["CMD-SHELL", "curl localhost"], Interval: 30e9, Retries: 3 },
        ArgsEscaped: false,
      },
    });
  });

  it("removes settings by empty values, which restores the original image", async () => {
    const before = await project.inspected("oci:images:one");
    const set = ["--env", "A=1", "--label", "l=1", "--annotation", "n=2", "--user", "me"];
    const more = ["--no-healthcheck", "--entrypoint", "/init", "--args-escaped", "true"];
    await project.edited("config", "oci:images:one", "oci:images:two", ...set, ...more);
    expect((await project.inspected("oci:images:two")).config.config?.Healthcheck).toEqual({
      Test: ["NONE"],
    });
    const unset = ["--clear-env", "--unset-label", "l", "--unset-annotation", "n", "--user", ""];
    const rest = ["--healthcheck-cmd", "", "--entrypoint", "", "--args-escaped", ""];
    await project.edited("config", "oci:images:two", "oci:images:three", ...unset, ...rest);
    expect((await project.inspected("oci:images:three")).descriptor.digest).toBe(
      before.descriptor.digest,
    );
  });

  it("changes every image of an index, or one image with --platform", async () => {
    const all = await project.edited("config", "oci:images:all", "oci:images:two", "--user", "me");
    expect(all.images).toHaveLength(2);
    const flags = ["--user", "me", "--platform", "linux/riscv64"];
    const one = await project.edited("config", "oci:images:all", "oci:images:three", ...flags);
    expect(one.images).toHaveLength(1);
    expect((await project.inspected("oci:images:three")).config.architecture).toBe("riscv64");
  });

  it.each([
    ["no flag", [], "expected a flag that changes something"],
    ["a variable without value", ["--env", "A"], "--env: expected NAME=VALUE"],
    [
      "a command of several words that is not a JSON array",
      ["--cmd", "echo hi"],
      "--cmd: expected one word",
    ],
    ["JSON that is not an array of strings", ["--cmd", "[1]"], "--cmd: expected one word"],
    ["a port that is not a number", ["--expose", "http"], "exposed port: expected a port"],
    ["a malformed time", ["--created", "today"], "created: expected a time"],
    [
      "a duration without a unit",
      ["--healthcheck-cmd", "x", "--healthcheck-timeout", "5"],
      "--healthcheck-timeout",
    ],
    [
      "a malformed number of retries",
      ["--healthcheck-cmd", "x", "--healthcheck-retries", "x"],
      "--healthcheck-retries",
    ],
    [
      "the interval of a health check without a command",
      ["--healthcheck-interval", "5s"],
      "--healthcheck-cmd",
    ],
    [
      "a boolean that is neither true nor false",
      ["--args-escaped", "1"],
      "--args-escaped: expected true or false",
    ],
    ["a platform", ["--set-platform", "linux"], "platform: expected"],
  ])("refuses %s", async (_, words, message) => {
    const { status, stderr } = await project.run("config", "oci:images:one", "oci:x", ...words);
    expect(stderr).toContain(message);
    expect(status).toBe(1);
  });
});
