// SPDX-License-Identifier: MIT
import { throwIfAborted } from "../../../bytes/abort.ts";
import type { AbortOptions } from "../../../bytes/bytes.ts";
import { isOciError, OciError } from "../../../oci/errors.ts";
import { findProgram } from "../process/find-program.ts";
import { askBuildctl, buildkitAddresses } from "./ask-buildctl.ts";
import { askBuildx } from "./ask-buildx.ts";
import type { Builder } from "./builder.ts";

/** Options of {@link findBuilder}. */
export interface FindBuilderOptions extends AbortOptions {
  /** A builder of docker buildx, or the address of a buildkitd (`tcp://…`, `unix://…`). Default: the first found. */
  readonly name?: string | undefined;
  /** Where `PATH`, `BUILDKIT_HOST` and the like are read. */
  readonly env?: Readonly<Record<string, string | undefined>> | undefined;
}

/**
 * Finds a builder that answers: docker's buildx, else the buildkitd that buildctl or nerdctl would use. For nerdctl its
 * buildctl is driven directly, because `nerdctl build` gives all OCI layouts one id, reads no digest of theirs, and
 * can't write one.
 * @throws OciError `unsupported-operation` that says what was looked for, and why each is not usable; `aborted`
 */
export async function findBuilder(options: FindBuilderOptions = {}): Promise<Builder> {
  const { name, env = process.env, signal } = options;
  const tried: string[] = [];
  for (const { what, ask } of candidates(name, env, signal)) {
    try {
      return await ask();
    } catch (error) {
      throwIfAborted(signal, "builder");
      if (!isOciError(error)) throw error;
      tried.push(`${what}: ${error.message}`);
    }
  }
  throw new OciError(
    "unsupported-operation",
    ["builder: expected one that answers, got none", ...tried].join("\n    "),
    {
      details: { tried, ...(name === undefined ? {} : { builder: name }) },
      hint: "Install docker with its buildx plugin, or start buildkitd and set BUILDKIT_HOST; --builder names one.",
    },
  );
}

interface Candidate {
  readonly what: string;
  readonly ask: () => Promise<Builder>;
}

function candidates(
  name: string | undefined,
  env: Readonly<Record<string, string | undefined>>,
  signal: AbortSignal | undefined,
): Candidate[] {
  const isAddress = name?.includes("://") === true;
  const docker = (): Promise<Builder> => askBuildx(expectProgram("docker", env), name, { signal });
  const buildctl = (address: string | undefined) => (): Promise<Builder> =>
    askBuildctl(expectProgram("buildctl", env), address, { signal });
  const addresses = isAddress ? [name] : buildkitAddresses(env);
  const daemons = addresses.map((at) => ({ what: `buildctl ${at}`, ask: buildctl(at) }));
  const none = { what: "buildctl", ask: () => Promise.reject(noAddress()) };
  if (isAddress) return daemons;
  const first = { what: "docker buildx", ask: docker };
  if (name !== undefined) return [first];
  return [first, ...(daemons.length === 0 ? [none] : daemons)];
}

function expectProgram(name: string, env: Readonly<Record<string, string | undefined>>): string {
  const found = findProgram(name, env);
  if (found !== undefined) return found;
  throw new OciError("not-found", `expected the program ${name} in PATH, got none`);
}

function noAddress(): OciError {
  return new OciError(
    "not-found",
    "expected BUILDKIT_HOST or a socket of buildkitd below /run, got neither",
  );
}
