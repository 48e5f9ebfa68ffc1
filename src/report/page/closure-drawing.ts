// SPDX-License-Identifier: MIT
import type { PagePrograms } from "../html/page-data.ts";
import { roveAmong } from "./arrow-keys.ts";
import { closureOf, withoutImplied, type Edge } from "./closure-of.ts";
import { drawn } from "./elements.ts";
import { layOutGraph, type GraphNode, type PlacedGraph } from "./layered-graph.ts";

/** What a program loads, drawn. */
export interface ClosureDrawing {
  readonly svg: SVGSVGElement;
  /** For those who can't see the drawing: each object with what it needs. */
  readonly lines: readonly string[];
}

interface DrawnObject extends GraphNode {
  readonly path: string;
  readonly kind: "program" | "library" | "missing";
}

const CHARACTER = 7.3;
const HEIGHT = 30;
const LONGEST_LABEL = 34;

/**
 * Draws a program, its libraries and what is missing.
 * @param everyNeed whether needs are drawn that others imply
 * @param onFocus gets a sentence about an object when somebody looks at it
 */
export function drawClosure(
  programs: PagePrograms,
  program: number,
  everyNeed: boolean,
  onFocus: (facts: string) => void,
): ClosureDrawing {
  const closure = closureOf(programs, program);
  const objects: DrawnObject[] = closure.objects.map((number) =>
    describe(
      String(number),
      programs.objects[number] ?? "",
      number === program ? "program" : "library",
    ),
  );
  const edges = (everyNeed ? closure.edges : withoutImplied(closure.edges)).map(toNames);
  for (const [object, names] of programs.lacks) {
    if (!closure.objects.includes(object)) continue;
    for (const name of names) {
      const id = `missing ${name}`;
      if (!objects.some((one) => one.id === id)) objects.push(describe(id, name, "missing"));
      edges.push({ from: String(object), to: id });
    }
  }
  const needs = closure.edges
    .map(toNames)
    .concat(edges.filter(({ to }) => to.startsWith("missing")));
  const tell = (id: string): string => tellAbout(id, objects, needs);
  return {
    svg: draw(objects, edges, layOutGraph(objects, edges), tell, onFocus),
    lines: objects.map(({ id }) => tell(id)),
  };
}

interface NamedEdge {
  readonly from: string;
  readonly to: string;
}

function toNames([from, to]: Edge): NamedEdge {
  return { from: String(from), to: String(to) };
}

function describe(id: string, path: string, kind: DrawnObject["kind"]): DrawnObject {
  const characters = Math.min(labelOf(path, kind).length, LONGEST_LABEL);
  return { id, path, kind, width: Math.round(characters * CHARACTER) + 20, height: HEIGHT };
}

function labelOf(path: string, kind: DrawnObject["kind"]): string {
  const name = kind === "missing" ? path : path.slice(path.lastIndexOf("/") + 1);
  return name.length > LONGEST_LABEL ? `${name.slice(0, LONGEST_LABEL - 1)}…` : name;
}

function tellAbout(
  id: string,
  objects: readonly DrawnObject[],
  needs: readonly NamedEdge[],
): string {
  const nameOf = (of: string): string => {
    const { path = "", kind = "library" } = objects.find((one) => one.id === of) ?? {};
    return labelOf(path, kind);
  };
  const object = objects.find((one) => one.id === id)!;
  const needed = needs.filter(({ from }) => from === id).map(({ to }) => nameOf(to));
  const needing = needs.filter(({ to }) => to === id).map(({ from }) => nameOf(from));
  return [
    object.kind === "missing" ? `${object.path}: missing` : object.path,
    ...(needed.length > 0 ? [`needs ${needed.join(", ")}`] : []),
    ...(needing.length > 0 ? [`needed by ${needing.join(", ")}`] : []),
  ].join(" · ");
}

function draw(
  objects: readonly DrawnObject[],
  edges: readonly NamedEdge[],
  { width, height, boxes, lines }: PlacedGraph,
  tell: (id: string) => string,
  onFocus: (facts: string) => void,
): SVGSVGElement {
  const size = { width, height, viewBox: `0 0 ${width} ${height}` };
  const svg = drawn("svg", { ...size, role: "group", "aria-label": "What the program loads" });
  const paths = lines.map((points, at) =>
    drawn("path", {
      class: edges[at]!.to.startsWith("missing") ? "edge missing" : "edge",
      d: points
        .map(({ x, y }, step) => `${step === 0 ? "M" : "L"}${x.toFixed(1)} ${y.toFixed(1)}`)
        .join(""),
    }),
  );
  const look = (id: string): void => {
    onFocus(tell(id));
    paths.forEach((path, at) => {
      const { from, to } = edges[at]!;
      path.classList.toggle("near", from === id || to === id);
    });
  };
  const nodes = objects.map((object, at) => {
    const { x, y } = boxes[at]!;
    const text = drawn("text", { x: 10, y: HEIGHT / 2, "dominant-baseline": "central" });
    text.append(labelOf(object.path, object.kind));
    const node = drawn(
      "g",
      { class: `node ${object.kind}`, transform: `translate(${x} ${y})`, role: "img" },
      drawn("rect", { width: object.width, height: HEIGHT, rx: 6 }),
      text,
    );
    node.setAttribute("aria-label", tell(object.id));
    node.addEventListener("focus", () => look(object.id));
    node.addEventListener("pointerenter", () => look(object.id));
    return node;
  });
  svg.append(...paths, ...nodes);
  roveAmong(nodes, boxes);
  return svg;
}
