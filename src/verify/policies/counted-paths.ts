// SPDX-License-Identifier: MIT
import type { ByteString } from "../../bytes/byte-string.ts";

/** Paths with the same fault: the first of them, and how many there are. Memory does not grow with them. */
export class CountedPaths {
  readonly #groups = new Map<string, { readonly first: ByteString; count: number }>();

  add(fault: string, path: ByteString): void {
    const known = this.#groups.get(fault);
    if (known === undefined) this.#groups.set(fault, { first: path, count: 1 });
    else known.count += 1;
  }

  /** Every fault with its first path, and ` and N more …` for a message. */
  *told(place: string): Generator<{ first: ByteString; fault: string; more: string }> {
    for (const [fault, { first, count }] of this.#groups) {
      const more = count === 1 ? "" : `; so it is with ${count - 1} more ${place}`;
      yield { first, fault, more };
    }
  }
}
