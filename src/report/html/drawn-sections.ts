// SPDX-License-Identifier: MIT
import { formatBytes } from "../../bytes/format-bytes.ts";
import type { ProgramGraph } from "../look/program-graph.ts";
import type { SizedEntry } from "../look/sized-tree.ts";
import { count, formatCount } from "./figures.ts";
import { html, type Markup } from "./markup.ts";

/** The place of a treemap: the page's script draws it. `image` is the number of the image in the page's data. */
export function treemap(image: number, label: string, side?: "one" | "other"): Markup {
  return html`<div
    class="treemap"
    data-tree="${image}"
    ${side === undefined ? undefined : html` data-side="${side}"`}
  >
    <nav aria-label="Directory, ${label}"><ol class="crumbs"></ol></nav>
    <div class="map" role="group" aria-label="Files by size, ${label}"></div>
    <p class="facts" aria-hidden="true"></p>
  </div>`;
}

/** The files of an image by size. `summed` is how many entries are too small to be in the page. */
export function filesSection(id: string, image: number, tree: SizedEntry, summed: number): Markup {
  return html`<section id="${id}" aria-labelledby="${id}-title">
    <h3 id="${id}-title">Files by size</h3>
    <p>
      ${count(tree.entries, "entry", "entries")}, ${formatBytes(tree.bytes)}.
      ${
        summed === 0
          ? ""
          : `The ${formatCount(summed)} smallest are summed up in their directories.`
      }
    </p>
    <p class="hint scripted-only">
      A directory opens by a click or Enter, and Escape goes up; the arrow keys move. The colour is
      that of the layer that most of it comes from.
    </p>
    ${treemap(image, "whole image")}
    <p class="unscripted-only">Without JavaScript this is not drawn.</p>
  </section>`;
}

/** The programs of an image, and what one of them loads. */
export function programsSection(
  id: string,
  image: number,
  { programs, total }: ProgramGraph,
): Markup | undefined {
  if (total === 0) return undefined;
  const broken = programs.filter(({ isBroken }) => isBroken).length;
  return html`<section id="${id}" aria-labelledby="${id}-title" data-programs="${image}">
    <h3 id="${id}-title">Programs and what they load</h3>
    <p>
      ${count(total, "program")};
      ${
        broken === 0
          ? "each finds all that it needs"
          : `${count(broken, "misses", "miss")} something (✗)`
      }.
      ▶ is what the image starts.
      ${programs.length < total ? `${formatCount(total - programs.length)} are left out here.` : ""}
    </p>
    <div class="choose scripted-only">
      <label>Programs with <input type="search" autocomplete="off" spellcheck="false" /></label>
      <output class="found"></output>
      <select size="6" aria-label="Program"></select>
      <label><input type="checkbox" /> also what others need anyway</label>
    </div>
    <div
      class="graph scroll scripted-only"
      role="region"
      aria-label="Graph of libraries"
      tabindex="0"
    ></div>
    <p class="facts" aria-hidden="true"></p>
    <details class="scripted-only">
      <summary>As text</summary>
      <ul class="as-text"></ul>
    </details>
    <p class="unscripted-only">Without JavaScript this is not drawn.</p>
  </section>`;
}
