// SPDX-License-Identifier: MIT
import type { History, ImageConfig } from "../../oci/documents/image-config.ts";

/** The profile of ISO 8601 that the image-spec has for `created` (RFC 3339, section 5.6). */
export const RFC_3339 = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)$/;

/** What a configuration tells of its layers. */
interface Told {
  readonly history?: readonly History[] | undefined;
  readonly rootfs?: ImageConfig["rootfs"] | undefined;
}

/**
 * The history of an image, one entry a layer for an image that has none at all: readers count the
 * entries that made a layer, so that what is put on top must not stand for those below.
 */
export function completeHistory({ history = [], rootfs }: Told): readonly History[] {
  if (history.length > 0) return history;
  return rootfs?.diff_ids.map(() => ({ comment: "from the base image" })) ?? [];
}

/**
 * The entries of an image's history that come after those of its base: what follows the base's own
 * entries; where they are told otherwise there, what follows as many layers as the base has, and the
 * steps without a layer behind them.
 */
export function historyAbove(config: ImageConfig, base: ImageConfig): readonly History[] {
  const history = completeHistory(config);
  const below = completeHistory(base);
  const isBase = below.every((entry, at) => JSON.stringify(entry) === JSON.stringify(history[at]));
  if (isBase) return history.slice(below.length);
  let layers = 0;
  const first = history.findIndex(({ empty_layer }) => {
    if (empty_layer !== true) layers += 1;
    return layers > base.rootfs.diff_ids.length;
  });
  return first < 0 ? [] : history.slice(first);
}

/** A point in time as `created` has it: RFC 3339, whole seconds since 1970. */
export function formatCreated(seconds: number): string {
  return new Date(seconds * 1000).toISOString().replace(".000Z", "Z");
}
