// SPDX-License-Identifier: MIT
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { findBuilder } from "../../src/chain/buildkit/builders/find-builder.ts";
import type { Builder } from "../../src/chain/buildkit/builders/builder.ts";
import type { BuildEvent } from "../../src/chain/buildkit/progress/build-event.ts";
import type { BuildRequest } from "../../src/chain/buildkit/request/build-request.ts";
import { build, type BuildOutcome } from "../../src/chain/buildkit/run/build.ts";
import { openLayout, type LayoutStore } from "../../src/store/layout/layout.ts";
import type { BuiltImage } from "../../src/testing/build-image.ts";
import { peersDirectory } from "./peers.ts";
import { makeScratch, type Scratch } from "./scratch.ts";
import { writeShellImage } from "./shell-image.ts";
import { startDocker, type RunningDocker } from "./start-docker.ts";

/** A BuildKit with a base image in a layout, for the tests of one file. */
export interface BuildPlace {
  readonly scratch: Scratch;
  readonly builder: Builder;
  readonly base: BuiltImage;
  readonly layout: LayoutStore;
  /** Builds `FROM base` and these lines, into a layout of the stage's name. */
  build(
    stage: string,
    lines: readonly string[],
    change?: Partial<BuildRequest>,
    options?: Watch,
  ): Promise<BuildOutcome>;
  request(stage: string, lines: readonly string[], change?: Partial<BuildRequest>): BuildRequest;
  log(stage: string): string;
  /** Names of what is left in the directory of temporary contexts. */
  leftContexts(): readonly string[];
  close(): Promise<void>;
}

interface Watch {
  readonly signal?: AbortSignal;
  readonly onProgress?: (event: BuildEvent) => void;
}

/**
 * Starts Docker, whose buildx is driven. With OCI_KIT_TEST_BUILDKIT, the address of a buildkitd, that one is driven by
 * buildctl instead.
 */
export async function startBuildPlace(): Promise<BuildPlace> {
  const scratch = makeScratch();
  const address = process.env["OCI_KIT_TEST_BUILDKIT"];
  const docker = address === undefined ? await startDocker(scratch.make("docker")) : undefined;
  useDocker(docker);
  const builder = await findBuilder({ name: address });
  const layout = await openLayout(scratch.path("base"), { create: true });
  const base = await writeShellImage(layout);
  await layout.tag(base.descriptor, "base");
  const request: BuildPlace["request"] = (stage, lines, change = {}) => {
    const context = scratch.path("contexts-of-tests", stage);
    mkdirSync(context, { recursive: true });
    const dockerfile = scratch.path("contexts-of-tests", `${stage}.Dockerfile`);
    writeFileSync(dockerfile, `${["FROM base", ...lines].join("\n")}\n`);
    return {
      context,
      dockerfile,
      platform: { os: "linux", architecture: "amd64" },
      network: "none",
      ...change,
      contexts: {
        base: { kind: "layout", path: layout.directory, digest: base.descriptor.digest },
        ...change.contexts,
      },
      output: change.output ?? { kind: "layout", directory: scratch.path("built", stage) },
    };
  };
  const contexts = scratch.path("cache");
  const logs = scratch.path("logs");
  return {
    scratch,
    builder,
    base,
    layout,
    request,
    build: (stage, lines, change, watch = {}) =>
      build(builder, request(stage, lines, change), { stage, contexts, logs, ...watch }),
    log: (stage) => readFileSync(scratch.path("logs", `${stage}.log`), "utf8"),
    leftContexts: () => readdirSync(contexts),
    close: async () => {
      await docker?.stop();
    },
  };
}

/** The search path and the daemon that findBuilder will see. */
function useDocker(docker: RunningDocker | undefined): void {
  process.env["PATH"] = `${peersDirectory()}:${process.env["PATH"] ?? ""}`;
  if (docker !== undefined) process.env["DOCKER_HOST"] = `unix://${docker.directory}/docker.sock`;
}

/** The processes whose command line holds a text. */
export function processesWith(text: string): readonly number[] {
  return readdirSync("/proc")
    .map(Number)
    .filter(
      (pid) => Number.isInteger(pid) && pid !== process.pid && commandLine(pid).includes(text),
    );
}

function commandLine(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ");
  } catch {
    return "";
  }
}
