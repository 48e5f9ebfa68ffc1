// SPDX-License-Identifier: MIT
import { hierarchy, treemap, treemapSquarify, type HierarchyRectangularNode } from "d3-hierarchy";
import { formatBytes } from "../../bytes/format-bytes.ts";
import type { PageEntry } from "../html/page-data.ts";
import { roveAmong, type Box } from "./arrow-keys.ts";
import { element, find } from "./elements.ts";
import { changeOf, describeEntry, readEntry, titleOf, type Entry, type Side } from "./entries.ts";

/** A tree of files, drawn as nested rectangles that can be opened. */
export interface Treemap {
  /** Shows a directory, or the nearest one above it that this tree has. */
  readonly open: (path: readonly string[]) => void;
}

export interface TreemapOptions {
  readonly side?: Side | undefined;
  /** Called when somebody opened another directory here. */
  readonly onOpen?: ((path: readonly string[]) => void) | undefined;
}

type Rectangle = HierarchyRectangularNode<PageEntry>;

const HEAD = 22;
const LEAST_LABEL = { width: 46, height: 18 };

/** Draws a tree into a host that the page has for it, with crumbs above and a line of facts below. */
export function drawTreemap(host: HTMLElement, top: PageEntry, options: TreemapOptions): Treemap {
  const map = find(host, ".map");
  const facts = find(host, ".facts");
  const whole = top[1];
  let trail: readonly PageEntry[] = [top];

  const go = (to: readonly PageEntry[], byHand: boolean): void => {
    const isUp = to.length < trail.length;
    const left = trail.at(to.length);
    trail = to;
    const tiles = draw();
    if (!byHand) return;
    options.onOpen?.(to.slice(1).map(([name]) => name));
    const place = isUp ? tiles.findIndex(({ entry }) => entry === left) : 0;
    tiles[Math.max(0, place)]?.button.focus();
  };
  const show = (entry: Entry): void => {
    facts.textContent = describeEntry(entry, whole, options.side);
  };
  const draw = (): readonly Tile[] => {
    const current = trail.at(-1)!;
    drawCrumbs(find(host, ".crumbs"), trail, (depth) => go(trail.slice(0, depth + 1), true));
    const tiles = layOut(current, map.clientWidth, map.clientHeight).map((node) =>
      drawTile(node, whole, options.side),
    );
    for (const { button, entry, facts: own } of tiles) {
      button.addEventListener("focus", () => show(own));
      button.addEventListener("pointerenter", () => show(own));
      if (own.children.length > 0) {
        button.addEventListener("click", () => go([...trail, entry], true));
      }
      button.addEventListener("keydown", ({ key }) => {
        if ((key === "Backspace" || key === "Escape") && trail.length > 1) {
          go(trail.slice(0, -1), true);
        }
      });
    }
    map.replaceChildren(...tiles.map(({ button }) => button));
    roveAmong(
      tiles.map(({ button }) => button),
      tiles.map(({ box }) => box),
    );
    show(readEntry(current));
    return tiles;
  };
  let width = 0;
  new ResizeObserver(() => {
    if (map.clientWidth === width) return;
    width = map.clientWidth;
    const focused = [...map.children].indexOf(document.activeElement as Element);
    const tiles = draw();
    if (focused >= 0) tiles[focused]?.button.focus();
  }).observe(map);
  return { open: (path) => go(walk(top, path), false) };
}

/** The directories on the way down a path, as far as they are there. */
function walk(top: PageEntry, path: readonly string[]): readonly PageEntry[] {
  const trail = [top];
  for (const name of path) {
    const next = trail.at(-1)?.[5]?.find((child) => child[0] === name && child[5] !== undefined);
    if (next === undefined) break;
    trail.push(next);
  }
  return trail;
}

/** Gives what is in a directory, and two levels of what is in that, their rectangles. */
function layOut(current: PageEntry, width: number, height: number): readonly Rectangle[] {
  const opened = new Set([
    current,
    ...(current[5] ?? []).flatMap((below) => [below, ...(below[5] ?? [])]),
  ]);
  const childrenOf = (entry: PageEntry): readonly PageEntry[] =>
    opened.has(entry) ? (entry[5] ?? []) : [];
  const shown = hierarchy<PageEntry>(current, childrenOf)
    .sum((entry) => (childrenOf(entry).length > 0 ? 0 : Math.max(entry[1], 1)))
    .sort((one, other) => (other.value ?? 0) - (one.value ?? 0));
  const place = treemap<PageEntry>()
    .tile(treemapSquarify.ratio(1.4))
    .size([width, height])
    .paddingInner(2)
    .paddingTop((node) => (node.depth > 0 && node.children !== undefined ? HEAD : 0))
    .paddingRight((node) => (node.depth > 0 && node.children !== undefined ? 2 : 0))
    .paddingBottom((node) => (node.depth > 0 && node.children !== undefined ? 2 : 0))
    .paddingLeft((node) => (node.depth > 0 && node.children !== undefined ? 2 : 0))
    .round(true);
  return (place(shown).children ?? []).filter(isVisible);
}

/** Of thousands of entries most have no pixel. */
function isVisible({ x0, y0, x1, y1 }: Rectangle): boolean {
  return x1 - x0 >= 2 && y1 - y0 >= 2;
}

interface Tile {
  readonly entry: PageEntry;
  readonly facts: Entry;
  readonly box: Box;
  readonly button: HTMLButtonElement;
}

function drawTile(node: Rectangle, whole: number, side: Side | undefined): Tile {
  const facts = readEntry(node.data);
  const box = boxOf(node);
  const button = element("button", { type: "button", ...paint(facts, side) });
  button.setAttribute("aria-label", describeEntry(facts, whole, side));
  if (facts.children.length > 0) button.classList.add("opens");
  place(button, box);
  if (hasRoom(box)) button.append(label(facts, box, node.children !== undefined));
  drawInner(button, node, side);
  return { entry: node.data, facts, box, button };
}

/** Two levels of what is inside: only to be looked at. */
function drawInner(host: HTMLElement, node: Rectangle, side: Side | undefined): void {
  const outer = boxOf(node);
  for (const inner of (node.children ?? []).filter(isVisible)) {
    const facts = readEntry(inner.data);
    const box = boxOf(inner);
    const tile = element("span", paint(facts, side));
    tile.classList.add("inner");
    place(tile, { ...box, x: box.x - outer.x, y: box.y - outer.y });
    if (hasRoom(box)) tile.append(label(facts, box, inner.children !== undefined));
    drawInner(tile, inner, side);
    host.append(tile);
  }
}

/** The name, and the size where there is room for both; what is open has one line for them. */
function label(facts: Entry, { width, height }: Box, isOpen: boolean): HTMLElement {
  const isTall = !isOpen && height > 36;
  const bytes = formatBytes(facts.bytes);
  // Cut, a size would be another: "67.0 k".
  const beside = 12 * titleOf(facts).length + 60;
  const hasSize = width > (isTall ? 8 * bytes.length + 10 : beside);
  const size = hasSize ? [element("small", {}, bytes)] : [];
  return element(
    "span",
    { class: isTall ? "label tall" : "label" },
    element("b", {}, titleOf(facts)),
    ...size,
  );
}

/** A tile has the colour of its layer, or of how it changed. */
function paint(facts: Entry, side: Side | undefined): { readonly class: string } {
  const { layer, isRest } = facts;
  if (side !== undefined) return { class: `tile ${isRest ? "rest" : changeOf(facts, side)}` };
  return { class: `tile ${isRest || layer < 0 ? "rest" : `layer-${layer % 8}`}` };
}

function boxOf({ x0, y0, x1, y1 }: Rectangle): Box {
  return { x: x0, y: y0, width: x1 - x0, height: y1 - y0 };
}

function hasRoom({ width, height }: Box): boolean {
  return width >= LEAST_LABEL.width && height >= LEAST_LABEL.height;
}

function place({ style }: HTMLElement, { x, y, width, height }: Box): void {
  style.left = `${x}px`;
  style.top = `${y}px`;
  style.width = `${width}px`;
  style.height = `${height}px`;
}

function drawCrumbs(
  host: HTMLElement,
  trail: readonly PageEntry[],
  open: (depth: number) => void,
): void {
  const last = trail.length - 1;
  const crumbs = trail.map(([name], depth) => {
    const item = element("li");
    if (depth === last) item.append(element("span", { "aria-current": "location" }, name));
    else {
      const button = element("button", { type: "button" }, name);
      button.addEventListener("click", () => open(depth));
      item.append(button);
    }
    return item;
  });
  host.replaceChildren(...crumbs);
}
