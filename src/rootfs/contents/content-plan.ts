// SPDX-License-Identifier: MIT

/** Where the content of a node is: the number of its layer, and the number of its entry in the parser's order, both from 0. */
export interface ContentLocation {
  readonly layer: number;
  readonly entry: number;
}

/** What to take from one reading of one layer. Parallel lists, because an image has a hundred thousand entries. */
export interface LayerPass<Want> {
  readonly layer: number;
  /** Greater than 0 when the layer is read again: see {@link ContentPlanner.add}. */
  readonly round: number;
  /** Entry numbers, ascending. An entry that several callers want appears once for each of them. */
  readonly entries: Uint32Array;
  /** Who wants the entry at the same position in `entries`; for one entry, in the order in which they were added. */
  readonly wants: readonly Want[];
  /** Bytes of content, counted once for each `want`. If the pass has no content, the layer need not be read. */
  readonly bytes: number;
}

/** Which entries of which layers to read, in reading order. */
export interface ContentPlan<Want> {
  /** The lowest layer first; the rounds of one layer follow each other. */
  readonly passes: readonly LayerPass<Want>[];
  /** Bytes of content of all passes together. */
  readonly bytes: number;
}

/** Gathers a plan. */
export interface ContentPlanner<Want> {
  /**
   * Asks for an entry that has `size` bytes of content; `want` is handed back with it. A caller that writes
   * contents one after the other cannot write the same entry twice in one reading of the layer: it asks for
   * the second copy in another `round`.
   */
  add(location: ContentLocation, want: Want, size: number, round?: number): void;
  /** The plan of all that was added so far. */
  plan(): ContentPlan<Want>;
}

/** What was added for one pass, in the order of the calls. */
interface Gathered<Want> {
  readonly entries: number[];
  readonly wants: Want[];
  bytes: number;
}

/** Starts a plan. Nothing is read. */
export function createContentPlanner<Want>(): ContentPlanner<Want> {
  /** Indexed by layer, then by round. */
  const layers: (Gathered<Want> | undefined)[][] = [];
  return {
    add({ layer, entry }, want, size, round = 0) {
      const rounds = (layers[layer] ??= []);
      const gathered = (rounds[round] ??= { entries: [], wants: [], bytes: 0 });
      gathered.entries.push(entry);
      gathered.wants.push(want);
      gathered.bytes += size;
    },
    plan() {
      const passes: LayerPass<Want>[] = [];
      for (const [layer, rounds = []] of layers.entries()) {
        for (const [round, gathered] of rounds.entries()) {
          if (gathered !== undefined) passes.push({ layer, round, ...inOrder(gathered) });
        }
      }
      return { passes, bytes: passes.reduce((sum, { bytes }) => sum + bytes, 0) };
    },
  };
}

function inOrder<Want>({
  entries,
  wants,
  bytes,
}: Gathered<Want>): Pick<LayerPass<Want>, "entries" | "wants" | "bytes"> {
  // Checked first: the entries are mostly in order already, and a sort takes no less time for that.
  const isInOrder = entries.every((entry, at) => at === 0 || entries[at - 1]! <= entry);
  if (isInOrder) return { entries: Uint32Array.from(entries), wants: [...wants], bytes };
  const order = Uint32Array.from(entries.keys());
  order.sort((a, b) => entries[a]! - entries[b]! || a - b);
  return {
    entries: order.map((at) => entries[at]!),
    wants: Array.from(order, (at) => wants[at]!),
    bytes,
  };
}

/** Whoever asked for an entry first; undefined when nobody did. */
export function firstWant<Want>(
  { passes }: ContentPlan<Want>,
  { layer, entry }: ContentLocation,
): Want | undefined {
  const pass = passes.find((each) => each.layer === layer);
  if (pass === undefined) return undefined;
  const { entries, wants } = pass;
  let [low, high] = [0, entries.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (entries[middle]! < entry) low = middle + 1;
    else high = middle;
  }
  return entries[low] === entry ? wants[low] : undefined;
}
