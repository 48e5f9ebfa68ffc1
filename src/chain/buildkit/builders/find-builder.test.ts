// SPDX-License-Identifier: MIT
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { findBuilder } from "./find-builder.ts";

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "oci-kit-find-builder-"));
});
afterEach(() => rmSync(directory, { recursive: true }));

/** Puts a shell script under a program's name in the search path. */
function program(name: string, lines: string): void {
  writeFileSync(join(directory, name), `#!/bin/sh\n${lines}\n`, { mode: 0o755 });
}

const env = (more = {}): Record<string, string> => ({ PATH: directory, ...more });

/** What buildx 0.29 prints for two builders, one of them with a node that does not answer. */
const LISTED = [
  '{"Current":true,"Driver":"docker","Name":"default","Nodes":[{"Name":"default","Platforms":["linux/amd64","linux/riscv64"],"Status":"running","Version":"v0.25.1"}]}',
  '{"Current":false,"Driver":"remote","Name":"far","Nodes":[{"Name":"far0","Platforms":["linux/arm64"],"Status":"running","Version":"v0.24.0"},{"Name":"far1","Platforms":null,"Status":"error","Err":{"message":"dial"}}]}',
  '{"Current":false,"Driver":"docker","Name":"off","Nodes":[{"Name":"off","Status":"inactive"}]}',
  "not JSON",
].join("\n");

function docker(): void {
  program(
    "docker",
    `case "$2" in version) echo "github.com/docker/buildx 0.29.1 abc";; ls) cat <<'END'\n${LISTED}\nEND\n;; esac`.replace(
      "cat <<",
      "/bin/cat <<",
    ),
  );
}

describe("a builder of docker buildx", () => {
  it("is the current one, and its versions are its identity", async () => {
    docker();
    expect(await findBuilder({ env: env() })).toEqual({
      kind: "buildx",
      program: join(directory, "docker"),
      name: undefined,
      identity: "buildx 0.29.1, docker, BuildKit v0.25.1",
      caps: false,
      platforms: ["linux/amd64", "linux/riscv64"],
    });
  });

  it("is found by name, with the nodes that answer", async () => {
    docker();
    expect(await findBuilder({ name: "far", env: env() })).toMatchObject({
      name: "far",
      identity: "buildx 0.29.1, remote, BuildKit v0.24.0",
      platforms: ["linux/arm64"],
    });
  });

  it("caps builds where both its BuildKit and buildx know how", async () => {
    const listed = LISTED.replace("v0.25.1", "v0.31.0");
    const caps = async (help: string): Promise<boolean> => {
      const cases = `version) echo "x 0.36.0 y";; ls) /bin/cat <<'END'\n${listed}\nEND\n;; build) echo "${help}";;`;
      program("docker", `case "$2" in ${cases} esac`);
      return (await findBuilder({ env: env() })).caps;
    };
    expect(await caps("      --resource stringArray   Resource limits")).toBe(true);
    expect(await caps("      --sbom string")).toBe(false);
  });

  it("that is absent or does not run is named, with the others", async () => {
    docker();
    await expect(findBuilder({ name: "near", env: env() })).rejects.toThrow(
      /a builder "near", got these: "default", "far", "off"/,
    );
    await expect(findBuilder({ name: "off", env: env() })).rejects.toThrow(/node that runs/);
  });
});

describe("a buildkitd", () => {
  const WORKERS =
    '[{"id":"x","labels":{"org.mobyproject.buildkit.worker.executor":"oci"},"platforms":[{"architecture":"amd64","os":"linux"},{"architecture":"arm","os":"linux","variant":"v7"}],"buildkitVersion":{"version":"v0.26.0"}}]';

  it("is asked through buildctl where docker has no buildx", async () => {
    program("docker", "echo \"docker: 'buildx' is not a docker command\" >&2; exit 1");
    program("buildctl", `[ "$1" = --addr=tcp://127.0.0.1:1 ] || exit 1\necho '${WORKERS}'`);
    const found = await findBuilder({ env: env({ BUILDKIT_HOST: "tcp://127.0.0.1:1" }) });
    expect(found).toMatchObject({
      kind: "buildctl",
      name: "tcp://127.0.0.1:1",
      identity: "buildctl, BuildKit v0.26.0 (oci)",
      platforms: ["linux/amd64", "linux/arm/v7"],
    });
  });

  it("that does not answer is told beside what else was tried", async () => {
    program("docker", "echo 'no buildx \u001b[31m' >&2; exit 1");
    program("buildctl", "echo 'connection refused' >&2; exit 1");
    const found = findBuilder({ env: env({ BUILDKIT_HOST: "tcp://127.0.0.1:1" }) });
    await expect(found).rejects.toMatchObject({
      code: "unsupported-operation",
      message: expect.stringMatching(/no buildx \\x1b.*\n.*connection refused/) as string,
    });
  });
});
