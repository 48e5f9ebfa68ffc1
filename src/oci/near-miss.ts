// SPDX-License-Identifier: MIT

const MOST_SLIPS = 2;
/** No word that is known is longer; comparing takes time in proportion to the product of both lengths. */
const LONGEST = 64;

/**
 * The word itself if it is known, else the known one that it is fewest slips away from, whatever its capitals; undefined
 * when all are far.
 */
export function nearestWord(word: string, known: readonly string[]): string | undefined {
  if (word.length > LONGEST) return undefined;
  const small = word.toLowerCase();
  const distances = known.map((each) => ({ each, slips: slipsBetween(small, each.toLowerCase()) }));
  const [best] = distances.sort((a, b) => a.slips - b.slips);
  return best !== undefined && best.slips <= Math.min(MOST_SLIPS, Math.ceil(word.length / 3))
    ? best.each
    : undefined;
}

/** A hint that names the {@link nearestWord}, for an error about one that is not known. */
export function didYouMean(word: string, known: readonly string[]): { readonly hint?: string } {
  const meant = nearestWord(word, known);
  return meant === undefined ? {} : { hint: `Did you mean ${meant}?` };
}

/** How many letters were added, left out, mistaken or exchanged with their neighbour (Damerau and Levenshtein). */
function slipsBetween(a: string, b: string): number {
  const rows = [Array.from({ length: b.length + 1 }, (_, at) => at)];
  for (let i = 1; i <= a.length; i += 1) {
    const row = [i];
    for (let j = 1; j <= b.length; j += 1) {
      const above = rows[i - 1]!;
      const isSame = a[i - 1] === b[j - 1];
      const slips = Math.min(above[j]! + 1, row[j - 1]! + 1, above[j - 1]! + (isSame ? 0 : 1));
      const isExchanged = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      row.push(isExchanged ? Math.min(slips, rows[i - 2]![j - 2]! + 1) : slips);
    }
    rows.push(row);
  }
  return rows[a.length]![b.length]!;
}
