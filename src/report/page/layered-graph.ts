// SPDX-License-Identifier: MIT
import { Graph, layout } from "@dagrejs/dagre";
import type { Box } from "./arrow-keys.ts";

export interface GraphNode {
  readonly id: string;
  readonly width: number;
  readonly height: number;
}

export interface GraphEdge {
  readonly from: string;
  readonly to: string;
}

/** A graph with the places of its parts, in pixels. */
export interface PlacedGraph {
  readonly width: number;
  readonly height: number;
  /** In the order of the nodes. */
  readonly boxes: readonly Box[];
  /** In the order of the edges: the points that each goes through. */
  readonly lines: readonly (readonly { readonly x: number; readonly y: number }[])[];
}

/** Lays a directed graph out in layers, from left to right. */
export function layOutGraph(nodes: readonly GraphNode[], edges: readonly GraphEdge[]): PlacedGraph {
  const graph = new Graph();
  graph.setGraph({ rankdir: "LR", nodesep: 12, ranksep: 48, edgesep: 6, marginx: 8, marginy: 8 });
  for (const { id, width, height } of nodes) graph.setNode(id, { width, height });
  for (const { from, to } of edges) graph.setEdge(from, to, {});
  layout(graph);
  const { width = 0, height = 0 } = graph.graph() as { width?: number; height?: number };
  return {
    width,
    height,
    boxes: nodes.map(({ id }) => boxOf(graph.node(id) as Placed)),
    lines: edges.map(({ from, to }) => (graph.edge(from, to) as Line).points),
  };
}

interface Line {
  readonly points: readonly { readonly x: number; readonly y: number }[];
}

/** The layout gives the middle of each node. */
type Placed = Box;

function boxOf({ x, y, width, height }: Placed): Box {
  return { x: x - width / 2, y: y - height / 2, width, height };
}
