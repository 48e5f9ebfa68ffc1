// SPDX-License-Identifier: MIT
import { toText, type ByteString } from "../../bytes/byte-string.ts";
import type { ToldHop } from "../look/told-hops.ts";
import { shorten } from "./figures.ts";
import { html, type Markup } from "./markup.ts";

/** A chain of links as it is drawn. */
export interface DrawnChain {
  readonly path: ByteString;
  readonly hops: readonly ToldHop[];
  readonly isCut: boolean;
  readonly end: ByteString;
  /** What is at its end, as text. */
  readonly ends: string;
  /** Whether it leads nowhere, or to something wrong. */
  readonly isBroken: boolean;
  /** Said beneath it. */
  readonly remark?: Markup | undefined;
}

/** Draws a chain hop by hop, as an item of a list. */
export function drawChain({ path, hops, isCut, end, ends, isBroken, remark }: DrawnChain): Markup {
  const steps: Markup[] =
    hops.length === 0 ? [] : [html`<span class="step">${nameOf(path)}</span>`];
  let reached: string = path;
  for (const hop of hops) {
    // Where a directory on the way is the link, the hop starts from it.
    if (hop.path !== reached) steps.push(html`<span class="step">${nameOf(hop.path)}</span>`);
    steps.push(html`<span class="arrow" title="its target">${nameOf(hop.target)}</span>`);
    reached = hop.path;
  }
  if (isCut) steps.push(html`<span class="arrow" title="further links">…</span>`);
  return html`<li class="${isBroken ? "chain broken" : "chain"}">
    ${steps}<span class="step end">${nameOf(end)} <small>${ends}</small></span
    >${remark}
  </li>`;
}

function nameOf(path: ByteString): string {
  return shorten(toText(path));
}
