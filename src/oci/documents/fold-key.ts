// SPDX-License-Identifier: MIT

/**
 * A key with its case folded, as Go's JSON compares keys with the names of fields. By that simple folding the
 * long s equals s, and the Kelvin sign equals k.
 */
export function foldKey(key: string): string {
  return key.toUpperCase().toLowerCase();
}

/** The key of an object that means `key`: the same one, or else the first that differs only in case. */
export function findKey(object: object, key: string): string | undefined {
  if (Object.hasOwn(object, key)) return key;
  const folded = foldKey(key);
  return Object.keys(object).find((other) => foldKey(other) === folded);
}

/** The result of {@link respellKeys}. */
export interface Respelled {
  /** The object, or the same one if every key was spelled right. The order and unknown keys stay. */
  readonly object: object;
  /** A known key that the object has twice in different cases: readers disagree on which one counts. */
  readonly ambiguous: string | undefined;
}

/** The object with its known keys in their right spelling. */
export function respellKeys(object: object, known: readonly string[]): Respelled {
  const keys = Object.keys(object);
  const unknown = keys.filter((key) => !known.includes(key));
  if (unknown.length === 0) return { object, ambiguous: undefined };
  const spellings = new Map(known.map((key) => [foldKey(key), key]));
  const respelt = new Map<string, string>();
  for (const key of unknown) {
    const spelling = spellings.get(foldKey(key));
    if (spelling === undefined) continue;
    if (Object.hasOwn(object, spelling) || [...respelt.values()].includes(spelling)) {
      return { object, ambiguous: spelling };
    }
    respelt.set(key, spelling);
  }
  if (respelt.size === 0) return { object, ambiguous: undefined };
  const entries = Object.entries(object).map(
    ([key, value]: [string, unknown]) => [respelt.get(key) ?? key, value] as const,
  );
  return { object: Object.fromEntries(entries), ambiguous: undefined };
}
