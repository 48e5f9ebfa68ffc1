// SPDX-License-Identifier: MIT
import type { Configuration } from "../../config/configuration.ts";
import type { OciError } from "../../oci/errors.ts";
import { publishImage, type PublishedOne } from "../../publish/publish-image.ts";
import type { Session } from "../command.ts";
import { noConfiguration, parseConfigured } from "../input/configured.ts";
import { gateOptions } from "../input/gate-options.ts";
import { verifyBeforeOptions } from "../input/verify-before.ts";
import { showCopy } from "../progress/show-copy.ts";
import type { AssembleFlags } from "./assemble-flags.ts";

const DEFAULT_TAG = "latest-cross";

/** The error for `--push` when no repository is configured. */
export function noRepository(): OciError {
  return noConfiguration("--push", "Name the registry as the output: --output host/repo:tag");
}

/**
 * Pushes an image that was just assembled to the configured repository, for a later `manifest push`: as `TAG-ARCH`,
 * or by its digest alone.
 * @throws what `publishImage` throws
 */
export async function pushAssembled(
  output: string,
  { push, pushByDigest, forcePush }: AssembleFlags,
  configuration: Configuration,
  session: Session,
): Promise<PublishedOne> {
  const { context, progress } = session;
  const { signal, registry, limits } = context;
  const named = typeof push === "string" ? push : DEFAULT_TAG;
  const { keys, force } = await gateOptions(forcePush, configuration, context);
  // It was made of its inputs a moment ago, so that they are not asked again.
  return publishImage(await parseConfigured(output, context), configuration.image!, {
    tag: pushByDigest === true ? undefined : named,
    ...{ keys, force, signal, registry, limits },
    verify: await verifyBeforeOptions(configuration, session),
    onProgress: showCopy(progress),
  });
}
