// SPDX-License-Identifier: MIT
import type { History, ImageConfig } from "../../oci/documents/image-config.ts";
import { OciError } from "../../oci/errors.ts";

/** The profile of ISO 8601 that the image-spec has for `created` (RFC 3339, section 5.6). */
const RFC_3339 = /^(\d{4}-\d\d-\d\d)T(\d\d):\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)$/;

/**
 * Milliseconds since 1970 of a time as RFC 3339 has it; undefined for any other text, and for a day that
 * the calendar lacks: `Date.parse` takes 30 February for 2 March.
 */
export function parseRfc3339(text: string): number | undefined {
  const [, day, hour] = RFC_3339.exec(text) ?? [];
  if (day === undefined || Number(hour) > 23) return undefined;
  const midnight = new Date(`${day}T00:00:00Z`);
  if (Number.isNaN(midnight.getTime()) || !midnight.toISOString().startsWith(day)) return undefined;
  const time = Date.parse(text);
  return Number.isNaN(time) ? undefined : time;
}

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

// What RFC 3339 can name: from the year 0000 to the year 9999.
const FIRST_SECOND = -62_167_219_200;
const LAST_SECOND = 253_402_300_799;

/** @throws OciError `invalid-argument` naming the option, for what is no whole number of seconds since 1970 */
export function checkSeconds(option: string, seconds: number): void {
  if (seconds >= 0) checkTime(option, seconds);
  else throw wrongTime(option, seconds);
}

function checkTime(option: string, seconds: number): void {
  if (Number.isInteger(seconds) && seconds >= FIRST_SECOND && seconds <= LAST_SECOND) return;
  throw wrongTime(option, seconds);
}

function wrongTime(option: string, seconds: number): OciError {
  const message = `${option}: expected whole seconds since 1970, got ${seconds}`;
  return new OciError("invalid-argument", message, { details: { option, seconds } });
}

/**
 * A point in time as `created` has it: RFC 3339, whole seconds since 1970, or before.
 * @throws OciError `invalid-argument` for what is no such time
 */
export function formatCreated(seconds: number): string {
  checkTime("created", seconds);
  return new Date(seconds * 1000).toISOString().replace(".000Z", "Z");
}
