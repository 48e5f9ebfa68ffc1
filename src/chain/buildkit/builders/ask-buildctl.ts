// SPDX-License-Identifier: MIT
import { existsSync } from "node:fs";
import * as z from "zod/mini";
import type { AbortOptions } from "../../../bytes/bytes.ts";
import { OciError } from "../../../oci/errors.ts";
import { formatPlatform } from "../../../oci/platform.ts";
import { capture } from "../process/capture.ts";
import type { Builder } from "./builder.ts";
import { canCap } from "./caps.ts";

const platform = z.object({
  architecture: z.optional(z.string()),
  Architecture: z.optional(z.string()),
  os: z.optional(z.string()),
  OS: z.optional(z.string()),
  variant: z.optional(z.string()),
  Variant: z.optional(z.string()),
});
const workers = z.array(
  z.object({
    labels: z.optional(z.record(z.string(), z.string())),
    platforms: z.optional(z.nullable(z.array(platform))),
    buildkitVersion: z.optional(z.nullable(z.object({ version: z.optional(z.string()) }))),
  }),
);
const EXECUTOR = "org.mobyproject.buildkit.worker.executor";

/**
 * Asks buildkitd for its workers, through buildctl.
 * @param program buildctl, as an absolute path
 * @param address such as `unix:///run/buildkit/buildkitd.sock`
 * @throws OciError `unsupported-operation`, `unreachable` when it does not answer
 */
export async function askBuildctl(
  program: string,
  address: string | undefined,
  options: AbortOptions = {},
): Promise<Builder> {
  const at = address === undefined ? [] : [`--addr=${address}`];
  const words = [...at, "debug", "workers", "--format={{json .}}"];
  const answer = z.safeParse(workers, parse(await capture({ program, words }, options)));
  if (!answer.success || answer.data.length === 0) {
    throw new OciError(
      "unsupported-operation",
      `${program}: expected workers of buildkitd, got none`,
    );
  }
  const kinds = answer.data.map(
    ({ labels, buildkitVersion }) =>
      `BuildKit ${buildkitVersion?.version ?? "unknown"} (${labels?.[EXECUTOR] ?? "unknown"})`,
  );
  const versions = answer.data.map(({ buildkitVersion }) => buildkitVersion?.version ?? "unknown");
  return {
    kind: "buildctl",
    program,
    name: address,
    identity: `buildctl, ${[...new Set(kinds)].sort().join(", ")}`,
    caps: canCap(versions),
    platforms: [...new Set(answer.data.flatMap(({ platforms }) => (platforms ?? []).map(format)))],
  };
}

function format(given: z.infer<typeof platform>): string {
  return formatPlatform({
    os: given.os ?? given.OS ?? "unknown",
    architecture: given.architecture ?? given.Architecture ?? "unknown",
    variant: given.variant ?? given.Variant,
  });
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/**
 * The addresses where a buildkitd may be: the one of `BUILDKIT_HOST`, or the sockets that nerdctl looks for, in its
 * order, as far as they are there.
 */
export function buildkitAddresses(
  env: Readonly<Record<string, string | undefined>> = process.env,
): readonly string[] {
  const told = env["BUILDKIT_HOST"];
  if (told !== undefined && told !== "") return [told];
  const runtime = env["XDG_RUNTIME_DIR"];
  const rootless = process.getuid?.() !== 0 && runtime !== undefined && runtime !== "";
  const run = rootless ? runtime : "/run";
  const namespace = env["CONTAINERD_NAMESPACE"] || "default";
  const names = [`buildkit-${namespace}`, "buildkit-default", "buildkit"];
  return [...new Set(names)]
    .map((name) => `${run}/${name}/buildkitd.sock`)
    .filter((socket) => existsSync(socket))
    .map((socket) => `unix://${socket}`);
}
