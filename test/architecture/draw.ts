// SPDX-License-Identifier: MIT
import { LEVELS, levelOf } from "./levels.ts";
import {
  groupImports,
  innerFolderOf,
  moduleOf,
  type FileImports,
  type Graph,
} from "./read-imports.ts";

/** Draws the modules and the folders inside them from their imports. */
export function drawModules(imports: readonly FileImports[]): string {
  const folders = groupImports(imports, innerFolderOf);
  const modules = groupImports(imports, (file) => moduleOf(file) || undefined);
  const built = LEVELS.flat().filter((module) => modules.has(module));
  const lines = built.flatMap((module) => drawModule(module, folders));
  const onLevels = new Map(
    built.map((module) => [
      module,
      new Set([...modules.get(module)!].filter((to) => levelOf(to) >= 0)),
    ]),
  );
  return ["```mermaid", "flowchart RL", ...lines, ...drawArrows(onLevels, ""), "```"].join("\n");
}

/**
 * Draws a module as a box with its folders and the arrows between them. Without folders it is just a name.
 */
function drawModule(module: string, folders: Graph): string[] {
  const inside = [...folders.keys()].filter((name) => moduleOf(name) === module).sort();
  if (inside.length === 0) return [`    ${module}`];
  const between = new Map(
    inside.map((name) => [
      name,
      new Set([...folders.get(name)!].filter((to) => moduleOf(to) === module)),
    ]),
  );
  const boxes = inside.map((name) => `        ${name}["${name.slice(module.length + 1)}"]`);
  return [`    subgraph ${module}`, ...boxes, ...drawArrows(between, "    "), "    end"];
}

/** Draws an arrow to each imported group, except those that another import already leads to. */
function drawArrows(graph: Graph, indent: string): string[] {
  const reaches = (from: string, to: string): boolean =>
    [...(graph.get(from) ?? [])].some((next) => next === to || reaches(next, to));
  return [...graph].flatMap(([from, all]) => {
    const drawn = [...all].filter(
      (to) => ![...all].some((other) => other !== to && reaches(other, to)),
    );
    return drawn.length === 0 ? [] : [`    ${indent}${from} --> ${drawn.sort().join(" & ")}`];
  });
}
