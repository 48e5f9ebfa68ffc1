// SPDX-License-Identifier: MIT
import { formatBytes } from "../../bytes/format-bytes.ts";
import { shortDigest } from "../../oci/digest.ts";
import type { Descriptor } from "../../oci/documents/descriptor.ts";
import type { Report } from "../report.ts";
import { count, shorten } from "./figures.ts";
import { html, type Markup } from "./markup.ts";
import { framePage } from "./page-frame.ts";

/** A layer that an image has, or would have. */
export interface PlannedLayer {
  readonly kind: "kept" | "new";
  /** What it holds. */
  readonly group: string;
  readonly descriptor: Descriptor;
  /** Bytes of its tar, and of these what other layers replaced or removed. */
  readonly tarBytes: number;
  readonly deadBytes: number;
  /** The largest first. */
  readonly components: readonly { readonly name: string; readonly bytes: number }[];
}

/** One image with its layers. */
export interface PlannedImage {
  readonly platform: string;
  /** The lowest first. */
  readonly layers: readonly PlannedLayer[];
  readonly dropped: readonly {
    readonly group: string;
    readonly descriptor: Descriptor;
    readonly why: string;
  }[];
  readonly sentBytes: number;
  readonly deadBytes: number;
  readonly tarBytes: number;
}

const MOST_NAMES = 12;

/**
 * Renders what becomes of the layers of images as one HTML page without a script: a bar for each layer, as long as it
 * is large, in one colour where it is kept and in another where it is new, with what of it is dead marked.
 */
export function renderLayerPlan(
  name: string,
  images: readonly PlannedImage[],
  tool: Report["tool"],
): string {
  const body = html`<header><h1>Layers of ${name}</h1></header>
    <main id="main">${images.map(imageOf)}</main>
    <footer>Made by ${tool.name} ${tool.version}.</footer>`;
  return framePage({ title: `oci-kit: layers of ${name}`, tool, body });
}

function imageOf({ platform, layers, dropped, ...image }: PlannedImage, at: number): Markup {
  const id = `image-${at}`;
  const bytes = layers.reduce((sum, { descriptor }) => sum + descriptor.size, 0);
  const added = layers.filter(({ kind }) => kind === "new").length;
  const dead = image.tarBytes === 0 ? 0 : (100 * image.deadBytes) / image.tarBytes;
  const largest = Math.max(1, ...layers.map(({ descriptor }) => descriptor.size));
  return html`<section id="${id}" aria-labelledby="${id}-title">
    <h2 id="${id}-title">${platform}</h2>
    <p>
      ${count(layers.length, "layer")}, ${added} of them new: ${formatBytes(image.sentBytes)} of
      ${formatBytes(bytes)} to send, ${dead.toFixed(1)} % dead bytes. The lowest layer comes first.
      <span class="swatch layer-1"></span> kept, <span class="swatch layer-2"></span> new; what is
      dead is at the end of a bar.
    </p>
    <div class="scroll" role="region" aria-labelledby="${id}-title" tabindex="0">
      <table class="layers">
        <thead>
          <tr>
            <th scope="col">Layer</th>
            <th scope="col" class="wide">Share</th>
            <th scope="col">Blob</th>
            <th scope="col">Dead</th>
            <th scope="col">Holds</th>
          </tr>
        </thead>
        <tbody>
          ${layers.map((layer) => rowOf(layer, largest))}
        </tbody>
      </table>
    </div>
    ${dropped.length === 0 ? undefined : gone(dropped)}
  </section>`;
}

function rowOf(
  { kind, group, descriptor, components, ...layer }: PlannedLayer,
  largest: number,
): Markup {
  const names = components.slice(0, MOST_NAMES).map(({ name }) => name);
  const more = components.length - names.length;
  const held = names.length === 1 && names[0] === group ? "" : `: ${names.join(", ")}`;
  const what = `${group}${names.length === 0 ? "" : held}${more > 0 ? ` and ${more} more` : ""}`;
  const share = layer.tarBytes === 0 ? 0 : layer.deadBytes / layer.tarBytes;
  const [width, dead] = [descriptor.size / largest, (descriptor.size * share) / largest];
  return html`<tr>
    <th scope="row">${kind}</th>
    <td class="wide">${bar(kind, width, dead)}</td>
    <td class="number" title="${descriptor.digest}">${formatBytes(descriptor.size)}</td>
    <td class="number">${share === 0 ? "–" : `${(100 * share).toFixed(1)} %`}</td>
    <td class="made">${shorten(what)}</td>
  </tr>`;
}

function bar(kind: PlannedLayer["kind"], width: number, dead: number): Markup {
  const percent = (part: number): string => `${(100 * part).toFixed(2)}%`;
  return html`<svg class="bar" width="100%" height="14" aria-hidden="true">
    <rect
      class="fill layer-${kind === "new" ? 2 : 1}"
      width="${percent(width)}"
      height="14"
      rx="2"
    />
    <rect class="hidden" x="${percent(width - dead)}" width="${percent(dead)}" height="14" />
  </svg>`;
}

function gone(dropped: PlannedImage["dropped"]): Markup {
  const rows = dropped.map(
    ({ group, descriptor, why }) =>
      html`<li>
        ${shorten(group)}, ${formatBytes(descriptor.size)}
        (<code>${shortDigest(descriptor.digest)}</code>): ${why}
      </li>`,
  );
  return html`<h3>No longer used</h3>
    <ul>
      ${rows}
    </ul>`;
}
