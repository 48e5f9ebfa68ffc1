// SPDX-License-Identifier: MIT

/** What the page's script draws, as it lies in the page as JSON. Names are text, escaped as for a terminal. */
export interface PageData {
  readonly images: readonly PageImage[];
}

export interface PageImage {
  readonly tree: PageEntry | undefined;
  readonly programs: PagePrograms | undefined;
}

/**
 * One file or directory: its name, bytes, names in it, layer (-1 for none), its bytes in the other image (-1
 * where it is not there; undefined where there is no other image), and for a directory what is in it. The last
 * of them may be one that stands for many: its name is empty.
 */
export type PageEntry = readonly [
  name: string,
  bytes: number,
  entries: number,
  layer: number,
  other?: number | undefined,
  children?: readonly PageEntry[] | undefined,
];

/** Programs and libraries, by number. */
export interface PagePrograms {
  readonly objects: readonly string[];
  readonly needs: readonly (readonly number[])[];
  readonly lacks: readonly (readonly [object: number, names: readonly string[]])[];
  readonly programs: readonly PageProgram[];
}

export interface PageProgram {
  readonly object: number;
  /** `broken` cannot start; `started` is what the image's configuration starts. */
  readonly state: "broken" | "started" | "other";
}
