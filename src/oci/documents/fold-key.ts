// SPDX-License-Identifier: MIT

/**
 * A key without its case, as Go's JSON compares keys with the names of fields: by simple folding, for
 * which the long s and the Kelvin sign are letters of the alphabet.
 */
export function foldKey(key: string): string {
  return key.toUpperCase().toLowerCase();
}

/** The key of an object that stands for `key`: the same one, else the first in another case. */
export function findKey(object: object, key: string): string | undefined {
  if (Object.hasOwn(object, key)) return key;
  const folded = foldKey(key);
  return Object.keys(object).find((other) => foldKey(other) === folded);
}

/** What {@link respellKeys} made. */
export interface Respelled {
  /** The same object when every key was spelt right. Order and unknown keys stay. */
  readonly object: object;
  /** A known key for which the object has two, of which one reader takes the first and one the last. */
  readonly ambiguous: string | undefined;
}

/** An object with the keys that are known spelt as they are known. */
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
