// SPDX-License-Identifier: MIT
import { architectureTag } from "../../publish/tag-names.ts";
import { copyReference } from "../../image/by-reference/copy-reference.ts";
import type { OciError } from "../../oci/errors.ts";
import type { Platform } from "../../oci/platform.ts";
import type { Session } from "../command.ts";
import { noConfiguration, parseConfigured } from "../input/configured.ts";
import { showCopy } from "../progress/show-copy.ts";

const DEFAULT_TAG = "latest-cross";

interface PushAssembledOptions {
  /** The configured repository. */
  readonly repository: string;
  /** Default: `latest-cross`. The architecture is appended. */
  readonly tag: string | undefined;
  readonly session: Session;
}

/** The error for `--push` when no repository is configured. */
export function noRepository(): OciError {
  return noConfiguration("--push", "Name the registry as the output: --output host/repo:tag");
}

/**
 * Pushes an image that was just assembled to the configured repository, for a later `manifest push`.
 * @returns the reference of the pushed image
 * @throws whatever copying throws
 */
export async function pushAssembled(
  output: string,
  platform: Platform,
  { repository, tag = DEFAULT_TAG, session }: PushAssembledOptions,
): Promise<string> {
  const { context, progress } = session;
  const { signal, registry, limits } = context;
  const target = `${repository}:${architectureTag(tag, platform)}`;
  const options = { signal, registry, limits, onProgress: showCopy(progress) };
  await copyReference(await parseConfigured(output, context), target, options);
  return target;
}
