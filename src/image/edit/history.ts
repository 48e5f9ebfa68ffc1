// SPDX-License-Identifier: MIT
import type { History, ImageConfig } from "../../oci/documents/image-config.ts";

/** The profile of ISO 8601 that the image-spec has for `created` (RFC 3339, section 5.6). */
export const RFC_3339 = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)$/;

/** The parts of a configuration that describe its layers. */
interface Told {
  readonly history?: readonly History[] | undefined;
  readonly rootfs?: ImageConfig["rootfs"] | undefined;
}

/**
 * The history of an image; if it has none at all, one made-up entry for each layer. Readers match history and
 * layers by counting the entries that made a layer, so entries for new layers need those of the old ones
 * below them.
 */
export function completeHistory({ history = [], rootfs }: Told): readonly History[] {
  if (history.length > 0) return history;
  return rootfs?.diff_ids.map(() => ({ comment: "from the base image" })) ?? [];
}

/**
 * The entries of an image's history that were added to those of its base. If the history does not begin with
 * the base's own entries, as many layers as the base has are counted off, with the steps without a layer that
 * follow them.
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

/** Formats whole seconds since 1970 as `created` holds them (RFC 3339). */
export function formatCreated(seconds: number): string {
  return new Date(seconds * 1000).toISOString().replace(".000Z", "Z");
}
