// SPDX-License-Identifier: MIT

/** Where the content of a node is: which layer, from 0, and which of the entries that its parser announces, from 0. */
export interface ContentLocation {
  readonly layer: number;
  readonly entry: number;
}

/** What one reading of one layer is to give. Parallel lists, because an image has a hundred thousand entries. */
export interface LayerPass<Want> {
  readonly layer: number;
  /** Above 0 for a layer that is read again: see {@link ContentPlanner.add}. */
  readonly round: number;
  /** The numbers of the entries, ascending; one that several want is here once for each of them. */
  readonly entries: Uint32Array;
  /** Who wants each of `entries`; of one entry in the order in which they were added. */
  readonly wants: readonly Want[];
  /** Of content, each entry counted once for each who wants it. Where there is none the layer need not be read. */
  readonly bytes: number;
}

/** These entries of these layers, in this order. */
export interface ContentPlan<Want> {
  /** The lowest layer first, the rounds of one layer one after the other. */
  readonly passes: readonly LayerPass<Want>[];
  /** Of all passes. */
  readonly bytes: number;
}

/** Gathers a plan. */
export interface ContentPlanner<Want> {
  /**
   * Somebody wants an entry, which has `size` bytes of content. Who can't take an entry twice while its
   * layer is read once, because it writes down what it gets one after the other, asks for it in another
   * `round`.
   */
  add(location: ContentLocation, want: Want, size: number, round?: number): void;
  /** What was added so far, in the order of the layers. */
  plan(): ContentPlan<Want>;
}

/** What was added for one pass, in the order in which it was. */
interface Gathered<Want> {
  readonly entries: number[];
  readonly wants: Want[];
  bytes: number;
}

/** Starts a plan. Nothing is read. */
export function createContentPlanner<Want>(): ContentPlanner<Want> {
  /** By layer and round. */
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
  // Layers are mostly written in the order in which trees are walked, and a sort takes as long either way.
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

/** Who wanted an entry first; undefined where nobody did. */
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
