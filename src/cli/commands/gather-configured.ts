// SPDX-License-Identifier: MIT
import { stat } from "node:fs/promises";
import {
  gatherFromDirectory,
  gatherFromTags,
  type GatheredChildren,
} from "../../publish/gather-children.ts";
import type { Configuration } from "../../config/configuration.ts";
import { outputRoot } from "../../config/output-directory.ts";
import { isOciError, OciError } from "../../oci/errors.ts";
import type { ContentStore } from "../../store/store.ts";

interface GatherOptions {
  readonly target: ContentStore;
  readonly tag: string;
  readonly architectures: readonly string[] | undefined;
  readonly signal: AbortSignal;
}

/**
 * The images that an index is made of when `--from` names none: those assembled into the configured output,
 * or, if there are none, those that the target has under the tags `TAG-ARCH`.
 * @throws OciError `missing-input` when nothing says which images are meant; whatever reading them throws
 */
export async function gatherConfigured(
  configuration: Configuration | undefined,
  { target, tag, architectures, signal }: GatherOptions,
): Promise<GatheredChildren> {
  const output = configuration === undefined ? undefined : outputRoot(configuration);
  if (output !== undefined && (await isThere(output))) {
    const gathered = await gatherFromDirectory(output, { signal });
    if (gathered.children.length + gathered.leftOut.length > 0) return gathered;
  }
  if (architectures === undefined) {
    throw new OciError(
      "missing-input",
      `manifest push: expected images to push, and neither --from, --arch nor an oci-kit.yaml that holds for ${target.name} says which`,
      {
        hint: "Name them: --from oci:out/linux-runtime/amd64 --from oci:out/linux-runtime/arm64; or the configuration that shall hold: --config linux/oci-kit.yaml",
      },
    );
  }
  try {
    return await gatherFromTags(target, tag, architectures, { signal });
  } catch (error) {
    if (output === undefined || !isOciError(error, "unreachable")) throw error;
    throw new OciError(
      "unreachable",
      `${output}: nothing is assembled there, and ${target.name} can't be asked for its ${tag}-ARCH images: ${error.message}`,
      { hint: "Assemble the images first: oci-kit assemble", details: error.details, cause: error },
    );
  }
}

async function isThere(directory: string): Promise<boolean> {
  try {
    return (await stat(directory)).isDirectory();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return false;
    throw new OciError("unreadable", `${directory}: it can't be read`, { cause: error });
  }
}
