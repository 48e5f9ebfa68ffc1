// SPDX-License-Identifier: MIT
import { stat } from "node:fs/promises";
import { storeOf, parseLocation } from "../image/location.ts";
import { type OpenOptions, openTarget } from "../image/open-reference.ts";
import type { Named } from "../image/by-reference/with-reference.ts";
import { isOciError, OciError } from "../oci/errors.ts";
import { parsePlatform } from "../oci/platform.ts";
import type { ContentStore } from "../store/store.ts";
import type { FactOptions } from "./children/child-facts.ts";
import { indexTagOf } from "./edit/tagged-index.ts";
import {
  gatherFromDirectory,
  gatherFromLocations,
  gatherFromTags,
  type GatheredChildren,
} from "./children/gather-children.ts";
import type { LeftOut } from "./children/index-child.ts";
import { type IndexPushPlan, planIndexPush, type PlanOptions } from "./plan-push.ts";
import { type IndexPushResult, pushIndex, type PushOptions } from "./push-index.ts";

export interface PublishIndexOptions
  extends
    OpenOptions,
    FactOptions,
    Pick<PlanOptions, "aliases" | "architectures" | "force">,
    Pick<PushOptions, "onProgress"> {
  /** The images, or indexes of images. Without it: those in `directory`, else those that the target has as `TAG-ARCH`. */
  readonly from?: readonly Named[] | undefined;
  /** The directory of assembled images, a layout each: `out/linux-runtime`. */
  readonly directory?: string | undefined;
  /** Plan the push, and send nothing. */
  readonly dryRun?: boolean | undefined;
  /** Told what was found beside the images and is not in the index, before anything is planned. */
  readonly onLeftOut?: ((left: LeftOut) => void) | undefined;
}

/** An index that was published, or would be. */
export interface PublishedIndex {
  readonly plan: IndexPushPlan;
  /** Undefined in a dry run. */
  readonly pushed: IndexPushResult | undefined;
}

/**
 * Makes one index of the images for several architectures and publishes it under a tag and its aliases, behind
 * gates: see `planIndexPush` and `pushIndex`.
 * @throws OciError `invalid-argument` for a reference without a tag; `missing-input` when nothing says which images
 *   are meant; what gathering, planning and pushing throw
 */
export async function publishIndex(
  reference: Named,
  options: PublishIndexOptions = {},
): Promise<PublishedIndex> {
  const location = typeof reference === "string" ? parseLocation(reference) : reference;
  const tag = indexTagOf(location);
  options.architectures?.forEach((name) => parsePlatform(name));
  const target = await openTarget(storeOf(location), options);
  try {
    const gathered = await gather(target.store, tag, options);
    try {
      for (const left of gathered.leftOut) options.onLeftOut?.(left);
      const published = await publish(target.store, tag, gathered, options);
      if (options.dryRun !== true) await target.close();
      return published;
    } finally {
      await gathered.close();
    }
  } finally {
    await target.discard();
  }
}

async function publish(
  target: ContentStore,
  tag: string,
  { children }: GatheredChildren,
  options: PublishIndexOptions,
): Promise<PublishedIndex> {
  const { aliases, architectures, force, signal, limits } = options;
  const { keys, recipes, inputs, policies, verify } = options;
  const plan = await planIndexPush({
    ...{ target, tag, children, aliases, architectures, force, signal, limits },
    ...{ keys, recipes, inputs, policies, verify },
  });
  if (options.dryRun === true) return { plan, pushed: undefined };
  const { onProgress } = options;
  return { plan, pushed: await pushIndex(plan, { onProgress, signal, limits }) };
}

async function gather(
  target: ContentStore,
  tag: string,
  options: PublishIndexOptions,
): Promise<GatheredChildren> {
  const { from, directory, architectures } = options;
  if (from !== undefined) return gatherFromLocations(from, options);
  if (directory !== undefined && (await isThere(directory))) {
    const gathered = await gatherFromDirectory(directory, options);
    if (gathered.children.length + gathered.leftOut.length > 0) return gathered;
  }
  if (architectures === undefined) throw nothingNamed(target);
  try {
    return await gatherFromTags(target, tag, architectures, options);
  } catch (error) {
    if (directory === undefined || !isOciError(error, "unreachable")) throw error;
    throw new OciError(
      "unreachable",
      `${directory}: nothing is assembled there, and ${target.name} can't be asked for its ${tag}-ARCH images: ${error.message}`,
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

function nothingNamed(target: ContentStore): OciError {
  return new OciError(
    "missing-input",
    `manifest push: expected images to push, and neither --from, --arch nor an oci-kit.yaml that holds for ${target.name} says which`,
    {
      hint: "Name them: --from oci:out/linux-runtime/amd64 --from oci:out/linux-runtime/arm64; or the configuration that shall hold: --config linux/oci-kit.yaml",
    },
  );
}
