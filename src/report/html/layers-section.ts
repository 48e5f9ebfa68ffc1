// SPDX-License-Identifier: MIT
import { escapeText } from "../../bytes/byte-string.ts";
import { formatBytes } from "../../bytes/format-bytes.ts";
import { shortDigest } from "../../oci/digest.ts";
import type { ImageLayer } from "../look/image-layers.ts";
import { count, formatCount, shorten } from "./figures.ts";
import { html, type Markup } from "./markup.ts";

const MOST_LAYERS = 200;

/** The layers of an image, the largest first: what each takes, and what of that nobody sees. */
export function layersSection(id: string, layers: readonly ImageLayer[]): Markup | undefined {
  if (layers.length === 0) return undefined;
  const bySize = [...layers].sort((one, other) => other.bytes - one.bytes);
  const largest = bySize[0]!.bytes;
  const [bytes, blobs, hidden] = [sum(layers, "bytes"), sum(layers, "blob"), sum(layers, "hidden")];
  return html`<section id="${id}" aria-labelledby="${id}-title">
    <h3 id="${id}-title">Layers by size</h3>
    <p>
      ${count(layers.length, "layer")}: ${formatBytes(bytes)} of files in ${formatBytes(blobs)} of
      blobs;
      ${
        hidden === 0
          ? "nothing is hidden by higher layers"
          : `${formatBytes(hidden)} of the files are hidden by higher layers`
      }.
      Layer 0 is the lowest.
    </p>
    <div class="scroll" role="region" aria-labelledby="${id}-title" tabindex="0">
      <table class="layers">
        <thead>
          <tr>
            <th scope="col">Layer</th>
            <th scope="col">Files</th>
            <th scope="col" class="wide">Share</th>
            <th scope="col">Hidden</th>
            <th scope="col">Blob</th>
            <th scope="col">Entries</th>
            <th scope="col">Made by</th>
          </tr>
        </thead>
        <tbody>
          ${bySize.slice(0, MOST_LAYERS).map((layer) => row(layer, largest))}
        </tbody>
      </table>
    </div>
  </section>`;
}

function sum(layers: readonly ImageLayer[], key: "bytes" | "blob" | "hidden"): number {
  return layers.reduce((total, layer) => total + layer[key], 0);
}

function row(layer: ImageLayer, largest: number): Markup {
  const { number, bytes, hidden, blob, entries, removals, digest, createdBy = "" } = layer;
  const made = shorten(escapeText(createdBy.replace(/\s+/g, " ")));
  const removed = removals === 0 ? "" : `, removes ${formatCount(removals)}`;
  return html`<tr>
    <th scope="row"><span class="swatch layer-${number % 8}"></span>${number}</th>
    <td class="number">${formatBytes(bytes)}</td>
    <td class="wide">${bar(layer, largest)}</td>
    <td class="number">${hidden === 0 ? "–" : formatBytes(hidden)}</td>
    <td class="number" title="${digest}">${formatBytes(blob)}</td>
    <td class="number">${formatCount(entries)}${removed}</td>
    <td class="made" title="${shortDigest(digest)}">${made}</td>
  </tr>`;
}

/** The bar of a layer; what of it is hidden is hatched by its class. */
function bar({ number, bytes, hidden }: ImageLayer, largest: number): Markup {
  const percent = (part: number): string => `${((100 * part) / Math.max(largest, 1)).toFixed(2)}%`;
  return html`<svg class="bar" width="100%" height="14" aria-hidden="true">
    <rect class="fill layer-${number % 8}" width="${percent(bytes)}" height="14" rx="2" />
    <rect class="hidden" x="${percent(bytes - hidden)}" width="${percent(hidden)}" height="14" />
  </svg>`;
}
