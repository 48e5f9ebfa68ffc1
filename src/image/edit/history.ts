// SPDX-License-Identifier: MIT
import type { History, ImageConfig } from "../../oci/documents/image-config.ts";
import { OciError } from "../../oci/errors.ts";

/** The profile of ISO 8601 that the image-spec has for `created` (RFC 3339, section 5.6). */
const RFC_3339 = /^(\d{4}-\d\d-\d\d)T(\d\d):\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)$/;

/**
 * Milliseconds since 1970 of a time in RFC 3339's format. Undefined for any other text, and for a day that is
 * not in the calendar: `Date.parse` would take 30 February for 2 March.
 */
export function parseRfc3339(text: string): number | undefined {
  const [, day, hour] = RFC_3339.exec(text) ?? [];
  if (day === undefined || Number(hour) > 23) return undefined;
  const midnight = new Date(`${day}T00:00:00Z`);
  if (Number.isNaN(midnight.getTime()) || !midnight.toISOString().startsWith(day)) return undefined;
  const time = Date.parse(text);
  return Number.isNaN(time) ? undefined : time;
}

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

// The times that RFC 3339 can express: from the year 0000 to the year 9999.
const FIRST_SECOND = -62_167_219_200;
const LAST_SECOND = 253_402_300_799;

/** @throws OciError `invalid-argument` naming the option, for anything but a whole number of seconds since 1970 */
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
 * Formats whole seconds since 1970, which may be negative, as `created` holds them (RFC 3339).
 * @throws OciError `invalid-argument` for a time that can't be expressed
 */
export function formatCreated(seconds: number): string {
  checkTime("created", seconds);
  return new Date(seconds * 1000).toISOString().replace(".000Z", "Z");
}
