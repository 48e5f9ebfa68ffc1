// SPDX-License-Identifier: MIT
import { LineCounter, type Document, isMap, isNode, isPair, isScalar, parseDocument } from "yaml";
import { OciError } from "../oci/errors.ts";

/** The way to a value: keys of maps and places in lists. */
export type KeyPath = readonly (string | number)[];

/** A YAML file: its value, every scalar as the text it was written as, and where each part of it is. */
export interface YamlSource {
  readonly file: string;
  readonly value: unknown;
  /** `file:line:column` of a value, else of the nearest thing around it that is there. */
  locate(path: KeyPath): string;
  /** `file:line:column` of a key of the map at `path`. */
  locateKey(path: KeyPath, key: string): string;
}

const MOST_ALIASES = 100;

/**
 * Parses YAML. Keys that occur twice and anchors that don't exist are errors.
 * @throws OciError `invalid-recipe` naming file, line and column
 */
export function parseYaml(text: string, file: string): YamlSource {
  const lines = new LineCounter();
  // failsafe: no number loses its last zero, and no `no` becomes false
  const document = parseDocument(text, { schema: "failsafe", lineCounter: lines, strict: true });
  const at = (offset: number): string => {
    const { line, col } = lines.linePos(offset);
    return `${file}:${line}:${col}`;
  };
  const [problem] = document.errors;
  if (problem !== undefined) {
    const [what] = problem.message.split(/ at line \d+/);
    throw new OciError("invalid-recipe", `${at(problem.pos[0])}: ${what ?? problem.message}`, {
      details: { file, ...lines.linePos(problem.pos[0]) },
    });
  }
  return {
    file,
    value: toValue(document, file),
    locate: (path) => at(offsetOf(document, path)),
    locateKey(path, key) {
      const map = path.length === 0 ? document.contents : document.getIn(path, true);
      const pair = isMap(map)
        ? map.items.find(({ key: node }) => isScalar(node) && node.value === key)
        : undefined;
      const node = isPair(pair) && isNode(pair.key) ? pair.key : undefined;
      return at(node?.range?.[0] ?? offsetOf(document, path));
    },
  };
}

function toValue(document: Document, file: string): unknown {
  try {
    return document.toJS({ maxAliasCount: MOST_ALIASES });
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new OciError("invalid-recipe", `${file}: ${why}`, { details: { file }, cause: error });
  }
}

function offsetOf(document: Document, path: KeyPath): number {
  for (let length = path.length; length > 0; length -= 1) {
    const node = document.getIn(path.slice(0, length), true);
    if (isNode(node) && node.range) return node.range[0];
  }
  return document.contents?.range?.[0] ?? 0;
}

/** A path for people: `layers[2].steps[0].copy`. */
export function formatKeyPath(path: KeyPath): string {
  return path
    .map((part, at) => (typeof part === "number" ? `[${part}]` : `${at === 0 ? "" : "."}${part}`))
    .join("");
}
