// SPDX-License-Identifier: MIT

/** A rectangle on the page, in any unit. */
export interface Box {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** Of each arrow key: along which axis it goes, and whether forwards. */
const ARROWS: Readonly<Record<string, readonly [axis: "x" | "y", sign: 1 | -1]>> = {
  ArrowRight: ["x", 1],
  ArrowLeft: ["x", -1],
  ArrowDown: ["y", 1],
  ArrowUp: ["y", -1],
};

/**
 * The number of the box that a key leads to from another one: for an arrow the nearest in its direction, for
 * Home and End the first and the last. Undefined for other keys, and where there is none.
 */
export function boxForKey(key: string, boxes: readonly Box[], from: number): number | undefined {
  if (key === "Home") return boxes.length > 0 ? 0 : undefined;
  if (key === "End") return boxes.length > 0 ? boxes.length - 1 : undefined;
  const arrow = ARROWS[key];
  const start = boxes[from];
  if (arrow === undefined || start === undefined) return undefined;
  const [axis, sign] = arrow;
  let best: number | undefined;
  let least = Infinity;
  boxes.forEach((box, at) => {
    const distance = at === from ? Infinity : distanceTo(start, box, axis, sign);
    if (distance < least) [best, least] = [at, distance];
  });
  return best;
}

/** How far a box lies in a direction: what it is aside counts twice. Infinite where it does not lie there. */
function distanceTo(from: Box, to: Box, axis: "x" | "y", sign: 1 | -1): number {
  const length = (box: Box): number => (axis === "x" ? box.width : box.height);
  const gap = sign > 0 ? to[axis] - from[axis] - length(from) : from[axis] - to[axis] - length(to);
  // They may touch, and are rounded.
  if (gap < -1) return Infinity;
  const other = axis === "x" ? "y" : "x";
  const size = (box: Box): number => (other === "x" ? box.width : box.height);
  const overlap =
    Math.min(from[other] + size(from), to[other] + size(to)) - Math.max(from[other], to[other]);
  return (
    gap + 2 * Math.max(0, -overlap) + Math.abs(centreOf(to, other) - centreOf(from, other)) / 8
  );
}

function centreOf(box: Box, axis: "x" | "y"): number {
  return axis === "x" ? box.x + box.width / 2 : box.y + box.height / 2;
}

/** Lets one of several elements be reached by Tab, and the arrow keys move among them. */
export interface Roving {
  /** Makes this one the one that Tab reaches. */
  readonly choose: (at: number) => void;
}

/** Starts moving among elements; `boxes` are their places. Keys that are not for it are left alone. */
export function roveAmong(
  items: readonly (HTMLElement | SVGElement)[],
  boxes: readonly Box[],
): Roving {
  let current = 0;
  const choose = (at: number): void => {
    items[current]?.setAttribute("tabindex", "-1");
    current = at;
    items[at]?.setAttribute("tabindex", "0");
  };
  items.forEach((item, at) => {
    item.setAttribute("tabindex", at === 0 ? "0" : "-1");
    item.addEventListener("focus", () => choose(at));
    item.addEventListener("keydown", (event) => {
      const { key, altKey, ctrlKey, metaKey } = event as KeyboardEvent;
      const to = altKey || ctrlKey || metaKey ? undefined : boxForKey(key, boxes, at);
      if (to === undefined) return;
      event.preventDefault();
      items[to]?.focus();
    });
  });
  return { choose };
}
