// SPDX-License-Identifier: MIT
import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { AbortOptions } from "../../../bytes/bytes.ts";
import { writing } from "../../../files/system-error.ts";
import { OciError } from "../../../oci/errors.ts";
import { formatPlatform, type Platform } from "../../../oci/platform.ts";
import type { Builder } from "../builders/builder.ts";
import { withTemporaryContext } from "../places/temporary-context.ts";
import { BuildError } from "../run/build-error.ts";
import { build } from "../run/build.ts";
import { tinyProgram } from "./tiny-program.ts";

/** Options of {@link provePlatform}. */
export interface ProvePlatformOptions extends AbortOptions {
  /** As for a build. */
  readonly contexts: string;
}

const DOCKERFILE = 'FROM scratch\nCOPY probe /probe\nRUN --network=none ["/probe"]\n';

/**
 * Proves that a builder can run programs of a platform, by building an image that runs one: a handler of binfmt_misc
 * that is registered may still be gone after a restart, or name an interpreter that the build's root does not have.
 * It takes about a second. The proof holds until the builder's machine restarts.
 * @throws OciError `unsupported-operation` when it can't, with what to type; BuildError when the builder itself fails;
 * `aborted`
 */
export async function provePlatform(
  builder: Builder,
  platform: Platform,
  { contexts, signal }: ProvePlatformOptions,
): Promise<void> {
  const program = tinyProgram(platform);
  const name = formatPlatform(platform);
  if (program === undefined) {
    throw new OciError("unsupported-operation", `${name}: there is no program to prove it with`);
  }
  const stage = `prove-${platform.architecture}`;
  await withTemporaryContext(contexts, stage, async (directory) => {
    const context = join(directory, "context");
    const dockerfile = join(directory, "Dockerfile");
    writing(directory, () => {
      mkdirSync(context);
      writeFileSync(join(context, "probe"), program);
      chmodSync(join(context, "probe"), 0o755);
      writeFileSync(dockerfile, DOCKERFILE);
    });
    const output = { kind: "layout", directory: join(directory, "built") } as const;
    const request = { context, dockerfile, platform, output, noCache: true };
    try {
      await build(builder, request, { stage, contexts, signal });
    } catch (error) {
      throw error instanceof BuildError && error.part === "step"
        ? cannotRun(name, platform, builder, error)
        : error;
    }
  });
}

function cannotRun(
  name: string,
  platform: Platform,
  builder: Builder,
  cause: BuildError,
): OciError {
  const said = cause.step?.lines.at(-1) ?? cause.step?.error ?? "it failed";
  const machine = builder.platforms.join(", ") || "nothing";
  return new OciError(
    "unsupported-operation",
    `${name}: expected the builder to run a program of it, got ${JSON.stringify(said)}; it says that it can run ${machine}`,
    {
      details: { platform: name, builder: builder.identity },
      hint:
        "On the builder's machine, install an emulator that the kernel keeps open (flag F): " +
        `\`docker run --privileged --rm tonistiigi/binfmt --install ${platform.architecture}\`, or on Debian ` +
        "`apt-get install qemu-user-static`. It has to be done again when that machine was restarted and does not do " +
        `it itself. Or build ${name} on a machine of its own: --builder ${name}=NAME.`,
      cause,
    },
  );
}
