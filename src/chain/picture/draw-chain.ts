// SPDX-License-Identifier: MIT
import { shortDigest } from "../../oci/digest.ts";
import type { Lane } from "../graph/declaration.ts";
import type { StageGraph } from "../graph/stage-graph.ts";
import type { ComparedLink } from "../links/compare-link.ts";
import type { ChainReading } from "../verify-chain.ts";
import { COLOURS, markup } from "./markup.ts";
import { type PlacedUnit, placeUnits } from "./place-units.ts";
import { freshnessOf } from "./unit-freshness.ts";

const CARD = { width: 196, height: 62 };
const STEP = { x: 236, y: 78 };
const EDGE = 20;
const TITLE = 30;
const TAG_LENGTH = 30;

const STYLE = `${COLOURS}
svg { background: var(--ground); font: 12px system-ui, sans-serif; }
text { fill: var(--ink); } .faint { fill: var(--faint); } .lane { font-size: 13px; font-weight: 600; }
.name { font-weight: 600; } .mono { font-family: ui-monospace, monospace; font-size: 10.5px; }
rect { fill: var(--card); stroke-width: 1.5; rx: 8px; } path { fill: none; stroke-width: 1.5; }
.fresh { stroke: var(--fresh); } .stale { stroke: var(--stale); stroke-width: 2.5; } .root { stroke: var(--root); }
.unknown { stroke: var(--unknown); stroke-dasharray: 5 3; } .absent { stroke: var(--absent); stroke-dasharray: 2 3; }
text.fresh, text.stale, text.root, text.unknown, text.absent { stroke: none; font-weight: 600; }
text.fresh { fill: var(--fresh); } text.stale { fill: var(--stale); } text.root { fill: var(--root); }
text.unknown { fill: var(--unknown); } text.absent { fill: var(--absent); }`;

interface Drawing {
  readonly reading: ChainReading;
  readonly top: (lane: Lane) => number;
}

/** Draws a chain as SVG: stages from left to right in two lanes, each image with tag, digest and freshness. */
export function drawChain(graph: StageGraph, reading: ChainReading): string {
  const { units, columns, rows } = placeUnits(graph, reading.units);
  const lanes = (["cross", "runtime"] as const).filter((lane) =>
    units.some(({ unit }) => unit.lane === lane),
  );
  const laneHeight = TITLE + rows * STEP.y;
  const width = 2 * EDGE + (columns - 1) * STEP.x + CARD.width;
  const height = 2 * EDGE + lanes.length * laneHeight;
  const top = (lane: Lane): number => EDGE + lanes.indexOf(lane) * laneHeight;
  const drawing: Drawing = { reading, top };
  const places = new Map(units.map((placed) => [placed.unit.id, placed]));
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-label="stage chain">`,
    `<style>${STYLE}</style>`,
    ...lanes.map(
      (lane) => `<text class="lane" x="${EDGE}" y="${top(lane) + 14}">${lane} lane</text>`,
    ),
    ...edgesOf(graph, reading).map(({ from, to, state }) => {
      const [parent, child] = [places.get(from), places.get(to)];
      return parent && child ? drawEdge(parent, child, state, drawing) : "";
    }),
    ...units.map((placed) => drawUnit(placed, drawing)),
    "</svg>",
    "",
  ].join("\n");
}

function edgesOf(
  graph: StageGraph,
  { links }: ChainReading,
): { readonly from: string; readonly to: string; readonly state: string }[] {
  const states = new Map(links.map((link: ComparedLink) => [link.id, link.outcome.state]));
  return graph.units.flatMap(({ id, inputs }) =>
    inputs.map(({ unit }) => ({
      from: unit,
      to: id,
      state: states.get(`${unit}->${id}`) ?? "absent",
    })),
  );
}

function cornerOf({ unit, column, row }: PlacedUnit, { top }: Drawing): { x: number; y: number } {
  return { x: EDGE + column * STEP.x, y: top(unit.lane) + TITLE + row * STEP.y };
}

function drawEdge(parent: PlacedUnit, child: PlacedUnit, state: string, drawing: Drawing): string {
  const from = cornerOf(parent, drawing);
  const to = cornerOf(child, drawing);
  const [x1, y1] = [from.x + CARD.width, from.y + CARD.height / 2];
  const [x2, y2] = [to.x, to.y + CARD.height / 2];
  const bend = Math.min(40, (x2 - x1) / 2);
  return `<path class="${state}" d="M${x1} ${y1} C${x1 + bend} ${y1} ${x2 - bend} ${y2} ${x2} ${y2}"/>`;
}

function drawUnit(placed: PlacedUnit, drawing: Drawing): string {
  const { unit } = placed;
  const { x, y } = cornerOf(placed, drawing);
  const { state, word, reasons } = freshnessOf(unit, drawing.reading);
  const image = drawing.reading.images.get(unit.id);
  const digest = image?.state === "present" ? shortDigest(image.digest) : "";
  const tag = unit.tag.length > TAG_LENGTH ? `${unit.tag.slice(0, TAG_LENGTH - 1)}…` : unit.tag;
  const title = [
    unit.reference ?? unit.tag,
    image?.state === "present" ? image.digest : word,
    ...reasons,
  ];
  const architecture = unit.architecture ?? (unit.kind === "index" ? "index" : "shared");
  return [
    `<g><title>${markup(title.join(", "))}</title>`,
    `<rect class="${state}" x="${x}" y="${y}" width="${CARD.width}" height="${CARD.height}"/>`,
    `<text class="name" x="${x + 10}" y="${y + 19}">${markup(unit.stage)}</text>`,
    `<text class="faint" x="${x + CARD.width - 10}" y="${y + 19}" text-anchor="end">${markup(architecture)}</text>`,
    `<text class="mono" x="${x + 10}" y="${y + 36}">${markup(tag)}</text>`,
    `<text class="mono faint" x="${x + 10}" y="${y + 52}">${markup(digest)}</text>`,
    `<text class="${state}" x="${x + CARD.width - 10}" y="${y + 52}" text-anchor="end">${word}</text></g>`,
  ].join("");
}
