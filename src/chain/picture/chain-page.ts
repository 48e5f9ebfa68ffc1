// SPDX-License-Identifier: MIT
import type { StageGraph, StageUnit } from "../graph/stage-graph.ts";
import type { ChainReading } from "../verify-chain.ts";
import { drawChain } from "./draw-chain.ts";
import { COLOURS, markup } from "./markup.ts";
import { freshnessOf } from "./unit-freshness.ts";

const STYLE = `${COLOURS}
body { background: var(--ground); color: var(--ink); font: 15px/1.5 system-ui, sans-serif; margin: 2rem; }
h1 { font-size: clamp(1.2rem, 3vw, 2rem); overflow-wrap: anywhere; }
.picture { overflow-x: auto; } .picture svg { height: auto; max-width: 100%; min-width: 64rem; } table { border-collapse: collapse; margin-top: 1.5rem; }
th, td { border-bottom: 1px solid var(--line); padding: .3rem .8rem .3rem 0; text-align: left; vertical-align: top; }
code { font: 12.5px ui-monospace, monospace; word-break: break-all; } p { color: var(--faint); }
td.fresh { color: var(--fresh); } td.stale { color: var(--stale); } td.root { color: var(--root); }
td.unknown { color: var(--unknown); } td.absent { color: var(--absent); }
@media (max-width: 45rem) {
  body { margin: 1rem; } thead { display: none; }
  tr { border-bottom: 1px solid var(--line); display: block; padding: .5rem 0; }
  td { border: 0; display: block; overflow-wrap: anywhere; padding: 0; } td:first-child { font-weight: bold; }
}`;

/** A page with the picture of a chain and a table of all its images. It needs no network and no script. */
export function chainPage(graph: StageGraph, reading: ChainReading): string {
  const name = graph.repository ?? "layouts";
  return [
    "<!doctype html>",
    '<html lang="en"><head><meta charset="utf-8">',
    `<title>${markup(`Stages of ${name}`)}</title>`,
    '<meta name="viewport" content="width=device-width">',
    `<style>${STYLE}</style></head><body>`,
    `<h1>${markup(name)}</h1>`,
    `<div class="picture">${drawChain(graph, reading)}</div>`,
    "<table><thead><tr><th>Image</th><th>Tag</th><th>Made from</th><th>Digest</th><th>State</th></tr></thead><tbody>",
    ...reading.units.map((unit) => row(unit, reading)),
    "</tbody></table></body></html>",
    "",
  ].join("\n");
}

function row(unit: StageUnit, reading: ChainReading): string {
  const { state, word, reasons } = freshnessOf(unit, reading);
  const image = reading.images.get(unit.id);
  const digest = image?.state === "present" ? image.digest : "";
  const parents = unit.inputs.map((input) => input.unit).join(", ") || (unit.from ?? "");
  const why = reasons.length === 0 ? "" : `<br><small>${markup(reasons.join("; "))}</small>`;
  return `<tr><td>${markup(unit.id)}</td><td><code>${markup(unit.tag)}</code></td><td>${markup(parents)}</td><td><code>${markup(digest)}</code></td><td class="${state}">${word}${why}</td></tr>`;
}
