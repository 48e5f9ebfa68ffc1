// SPDX-License-Identifier: MIT

const MONTHS = "JanFebMarAprMayJunJulAugSepOctNovDec";
const TIME = String.raw`(\d{2}):(\d{2}):(\d{2})`;
/** `Sun, 06 Nov 1994 08:49:37 GMT` */
const FIXED = new RegExp(
  `^[A-Z][a-z]{2}, (\\d{1,2}) ([A-Z][a-z]{2}) (\\d{4}) ${TIME} (?:GMT|UTC)$`,
);
/** `Sunday, 06-Nov-94 08:49:37 GMT` */
const RFC_850 = new RegExp(
  `^[A-Z][a-z]{2,8}, (\\d{1,2})-([A-Z][a-z]{2})-(\\d{2}) ${TIME} (?:GMT|UTC)$`,
);
/** `Sun Nov  6 08:49:37 1994` */
const ASCTIME = new RegExp(`^[A-Z][a-z]{2} ([A-Z][a-z]{2}) {1,2}(\\d{1,2}) ${TIME} (\\d{4})$`);
const HALF_A_CENTURY = 50;

/**
 * The milliseconds since 1970 of a date in one of the three forms that HTTP has (RFC 9110, 5.6.7). All of them
 * are UTC, also the last, which does not say so. Undefined for anything else.
 * @param now decides the century of a year of two digits: it is never more than 50 years ahead
 */
export function parseHttpDate(text: string, now: number): number | undefined {
  const fixed = FIXED.exec(text);
  if (fixed !== null) {
    const [, day, month, year, ...time] = fixed;
    return dateOf(Number(year), month, day, time);
  }
  const old = RFC_850.exec(text);
  if (old !== null) {
    const [, day, month, year, ...time] = old;
    return dateOf(fullYear(Number(year), now), month, day, time);
  }
  const [, month, day, hours, minutes, seconds, year] = ASCTIME.exec(text) ?? [];
  if (year === undefined) return undefined;
  return dateOf(Number(year), month, day, [hours ?? "", minutes ?? "", seconds ?? ""]);
}

function fullYear(short: number, now: number): number {
  const thisYear = new Date(now).getUTCFullYear();
  const year = thisYear - (thisYear % 100) + short;
  return year > thisYear + HALF_A_CENTURY ? year - 100 : year;
}

function dateOf(
  year: number,
  month: string | undefined,
  day: string | undefined,
  time: readonly string[],
): number | undefined {
  const at = MONTHS.indexOf(month ?? "?");
  if (at === -1 || at % 3 !== 0) return undefined;
  const [hours = 0, minutes = 0, seconds = 0] = time.map(Number);
  return Date.UTC(year, at / 3, Number(day), hours, minutes, seconds);
}
