// SPDX-License-Identifier: MIT
import { architectureTag } from "../../publish/tag-names.ts";
import { openReference, openTarget } from "../../image/open-reference.ts";
import type { OciError } from "../../oci/errors.ts";
import type { Platform } from "../../oci/platform.ts";
import { copy } from "../../store/copy/copy.ts";
import type { Session } from "../command.ts";
import { noConfiguration, parseConfigured } from "../input/configured.ts";
import { showCopy } from "./copy.ts";

const DEFAULT_TAG = "latest-cross";

interface PushAssembledOptions {
  /** The configured repository. */
  readonly repository: string;
  /** Default `latest-cross`; the platform is appended. */
  readonly tag: string | undefined;
  readonly session: Session;
}

/** There is no configured repository that `--push` could mean. */
export function noRepository(): OciError {
  return noConfiguration("--push", "Name the registry as the output: --output host/repo:tag");
}

/**
 * Pushes an image that was just assembled to the configured repository, for a later `manifest push`.
 * @returns the reference it has there
 * @throws what copying throws
 */
export async function pushAssembled(
  output: string,
  platform: Platform,
  { repository, tag = DEFAULT_TAG, session }: PushAssembledOptions,
): Promise<string> {
  const { context, progress } = session;
  const { signal, registry } = context;
  const name = architectureTag(tag, platform);
  const from = await openReference(await parseConfigured(output, context), { signal, registry });
  try {
    const to = await openTarget(`${repository}:${name}`, { signal, registry });
    const root = await from.root({ signal });
    await copy(from.store, root, to.store, { tag: name, signal, onProgress: showCopy(progress) });
  } finally {
    await from.close();
    progress.clear();
  }
  return `${repository}:${name}`;
}
