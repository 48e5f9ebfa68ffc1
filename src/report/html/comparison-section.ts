// SPDX-License-Identifier: MIT
import { toText } from "../../bytes/byte-string.ts";
import { formatBytes } from "../../bytes/format-bytes.ts";
import { compareSizes, type SizeChange } from "../compare/size-changes.ts";
import type { ImageLook } from "../look/image-look.ts";
import type { ReportedImage } from "../report.ts";
import { countFindings } from "./findings-section.ts";
import { treemap } from "./drawn-sections.ts";
import { count, formatCount, shorten } from "./figures.ts";
import { html, type Markup } from "./markup.ts";

/** One of two images that are shown side by side. */
export interface ComparedImage {
  readonly image: ReportedImage;
  readonly look: ImageLook;
  /** Its number in the page's data. */
  readonly number: number;
  /** What it is called here. */
  readonly title: string;
}

/** Two images side by side: their figures, what is new or grew, and both trees, which are opened together. */
export function comparisonSection(id: string, one: ComparedImage, other: ComparedImage): Markup {
  const { largest, counts, added, removed } = compareSizes(one.look.tree, other.look.tree);
  const kinds = (["new", "gone", "grew", "shrank"] as const).map(
    (kind) =>
      html`<li><span class="swatch ${kind}"></span>${formatCount(counts[kind])} ${kind}</li>`,
  );
  return html`<section id="${id}" class="comparison" aria-labelledby="${id}-title">
    <h2 id="${id}-title">Side by side</h2>
    ${figures(one, other)}
    <h3 id="${id}-changes">What is new, and what grew</h3>
    <p>${formatBytes(added)} more and ${formatBytes(removed)} less, by size alone:</p>
    <ul class="legend">
      ${kinds}
    </ul>
    ${
      largest.length === 0
        ? html`<p class="right">✓ Every path takes as much in both.</p>`
        : changes(id, largest)
    }
    <div class="pair" data-pair>${[one, other].map((side, at) => half(side, at))}</div>
    <p class="unscripted-only">Without JavaScript the trees are not drawn.</p>
  </section>`;
}

function half({ number, title }: ComparedImage, at: number): Markup {
  return html`<div>
    <h4>${title}</h4>
    ${treemap(number, title, at === 0 ? "one" : "other")}
  </div>`;
}

function figures(one: ComparedImage, other: ComparedImage): Markup {
  const number = (name: string, of: (look: ImageLook) => number, format = formatCount): Markup => {
    const [before, after] = [of(one.look), of(other.look)];
    const grown = after - before;
    const sign = grown > 0 ? "+" : "−";
    return html`<tr>
      <th scope="row">${name}</th>
      <td class="number">${format(before)}</td>
      <td class="number">${format(after)}</td>
      <td class="number">${grown === 0 ? "same" : `${sign}${format(Math.abs(grown))}`}</td>
    </tr>`;
  };
  const sum = ({ layers }: ImageLook, key: "blob" | "hidden"): number =>
    layers.reduce((total, layer) => total + layer[key], 0);
  return html`<div class="scroll" role="region" aria-label="Figures of both" tabindex="0">
    <table>
      <thead>
        <tr>
          <td></td>
          <th scope="col">${one.title}</th>
          <th scope="col">${other.title}</th>
          <th scope="col">Change</th>
        </tr>
      </thead>
      <tbody>
        ${number("Files", ({ tree }) => tree.bytes, formatBytes)}
        ${number("Blobs", (look) => sum(look, "blob"), formatBytes)}
        ${number("Hidden by higher layers", (look) => sum(look, "hidden"), formatBytes)}
        ${number("Entries", ({ tree }) => tree.entries)}
        ${number("Layers", ({ layers }) => layers.length)}
        ${
          one.look.programs && other.look.programs
            ? number("Programs", ({ programs }) => programs?.total ?? 0)
            : undefined
        }
        ${findings(one.image, other.image)}
      </tbody>
    </table>
  </div>`;
}

function findings(
  { report: one }: ReportedImage,
  { report: other }: ReportedImage,
): Markup | undefined {
  if (one === undefined || other === undefined) return undefined;
  return html`<tr>
    <th scope="row">Findings</th>
    <td>${countFindings(one.findings)}</td>
    <td>${countFindings(other.findings)}</td>
    <td></td>
  </tr>`;
}

const SEEN = 20;

function changes(id: string, largest: readonly SizeChange[]): Markup {
  return html`<div class="scroll" role="region" aria-labelledby="${id}-changes" tabindex="0">
      ${table(largest.slice(0, SEEN))}
    </div>
    ${
      largest.length <= SEEN
        ? undefined
        : html`<details>
            <summary>${count(largest.length - SEEN, "more path")}</summary>
            <div class="scroll" role="region" aria-label="More paths" tabindex="0">
              ${table(largest.slice(SEEN))}
            </div>
          </details>`
    }`;
}

function table(some: readonly SizeChange[]): Markup {
  const rows = some.map(({ path, kind, isDirectory, before, after, entries }) => {
    const grown = after - before;
    const within = isDirectory && entries > 1 ? ` (${formatCount(entries)} entries)` : "";
    return html`<tr>
      <td class="kind"><span class="swatch ${kind}"></span>${kind}</td>
      <td class="number">
        ${grown === 0 ? "–" : `${grown < 0 ? "−" : "+"}${formatBytes(Math.abs(grown))}`}
      </td>
      <td class="number">${formatBytes(after)}</td>
      <td><code class="path">${shorten(toText(path))}</code>${within}</td>
    </tr>`;
  });
  return html`<table>
    <thead>
      <tr>
        <th scope="col">What</th>
        <th scope="col">Change</th>
        <th scope="col">Now</th>
        <th scope="col">Path</th>
      </tr>
    </thead>
    <tbody>
      ${rows}
    </tbody>
  </table>`;
}
