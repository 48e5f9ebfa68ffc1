// SPDX-License-Identifier: MIT
import { architectureTag } from "../../publish/tag-names.ts";
import { copyReference } from "../../image/by-reference/copy-reference.ts";
import { withImage } from "../../image/by-reference/with-reference.ts";
import { formatLocation, type Location } from "../../image/location.ts";
import { OciError } from "../../oci/errors.ts";
import type { Platform } from "../../oci/platform.ts";
import { describeUnfit, findUnfitImages } from "../../publish/unfit-images.ts";
import type { Configuration } from "../../config/configuration.ts";
import type { Session } from "../command.ts";
import { noConfiguration, parseConfigured } from "../input/configured.ts";
import { verifyBeforeOptions } from "../input/verify-before.ts";
import { showCopy } from "../progress/show-copy.ts";

const DEFAULT_TAG = "latest-cross";

interface PushAssembledOptions {
  /** The configured repository. */
  readonly repository: string;
  /** Default: `latest-cross`. The architecture is appended. */
  readonly tag: string | undefined;
  readonly session: Session;
  readonly configuration: Configuration;
  /** Whether the image is looked into before anything is sent. */
  readonly verify: boolean;
}

/** The error for `--push` when no repository is configured. */
export function noRepository(): OciError {
  return noConfiguration("--push", "Name the registry as the output: --output host/repo:tag");
}

/**
 * Pushes an image that was just assembled to the configured repository, for a later `manifest push`.
 * @returns the reference of the pushed image
 * @throws OciError `gate-refused` when it would not start or breaks a policy: nothing is sent; what copying throws
 */
export async function pushAssembled(
  output: string,
  platform: Platform,
  { repository, tag = DEFAULT_TAG, session, configuration, verify }: PushAssembledOptions,
): Promise<string> {
  const { context, progress } = session;
  const { signal, registry, limits } = context;
  const target = `${repository}:${architectureTag(tag, platform)}`;
  const options = { signal, registry, limits, onProgress: showCopy(progress) };
  const location = await parseConfigured(output, context);
  if (verify) await checkBefore(location, target, { platform, configuration, session });
  await copyReference(location, target, options);
  return target;
}

async function checkBefore(
  location: Location,
  target: string,
  {
    platform,
    configuration,
    session,
  }: Pick<PushAssembledOptions, "configuration" | "session"> & {
    readonly platform: Platform;
  },
): Promise<void> {
  const { signal, registry, limits } = session.context;
  const options = await verifyBeforeOptions(configuration, session);
  const unfit = await withImage(location, { signal, registry, limits }, (image) =>
    findUnfitImages([{ name: formatLocation(location), image, platform }], options),
  );
  const [first] = unfit;
  if (first === undefined) return;
  const lines = first.findings.map((finding) => `\n  verify: ${describeUnfit(finding)}`);
  throw new OciError(
    "gate-refused",
    `${target}: not pushed: ${first.findings.length} of its findings ${first.findings.length === 1 ? "refuses" : "refuse"}:${lines.join("")}`,
    {
      details: { findings: first.findings },
      hint: "The image is made, and not sent. oci-kit verify says all of it; --no-verify pushes it all the same.",
    },
  );
}
