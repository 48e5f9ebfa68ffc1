// SPDX-License-Identifier: MIT
import * as z from "zod/mini";

// What BuildKit says of a running build, one JSON object a line (`--progress=rawjson`): the fields that are read here.
// Everything may be missing, and every text comes from a Dockerfile or from what it ran.

const vertex = z.object({
  digest: z.string(),
  name: z._default(z.string(), ""),
  started: z.optional(z.string()),
  completed: z.optional(z.string()),
  cached: z._default(z.boolean(), false),
  error: z._default(z.string(), ""),
});

const transfer = z.object({
  id: z.string(),
  vertex: z.string(),
  name: z._default(z.string(), ""),
  current: z._default(z.number(), 0),
  total: z._default(z.number(), 0),
  completed: z.optional(z.string()),
});

const log = z.object({
  vertex: z.string(),
  /** 1 is its stdout, 2 its stderr. */
  stream: z._default(z.number(), 1),
  data: z.string(),
});

const warning = z.object({ short: z._default(z.string(), "") });

export type Vertex = z.infer<typeof vertex>;
export type VertexTransfer = z.infer<typeof transfer>;
export interface VertexLog {
  readonly vertex: string;
  readonly stream: "stdout" | "stderr";
  readonly data: Uint8Array;
}

/** One line of BuildKit's. */
export interface SolveStatus {
  readonly vertexes: readonly Vertex[];
  readonly transfers: readonly VertexTransfer[];
  readonly logs: readonly VertexLog[];
  readonly warnings: readonly string[];
  /** How many entries were not what they should be, and were left out. */
  readonly broken: number;
}

/** Reads a line's value. An entry of the wrong shape is left out alone. Undefined when it is no such object at all. */
export function readSolveStatus(value: unknown): SolveStatus | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  const given = value as Readonly<Record<string, unknown>>;
  const kinds = ["vertexes", "statuses", "logs", "warnings"];
  if (!kinds.some((kind) => Array.isArray(given[kind]))) return undefined;
  const vertexes = readEntries(vertex, given["vertexes"]);
  const transfers = readEntries(transfer, given["statuses"]);
  const logs = readEntries(log, given["logs"]);
  const warnings = readEntries(warning, given["warnings"]);
  return {
    vertexes: vertexes.read,
    transfers: transfers.read,
    logs: logs.read.map((entry) => ({
      vertex: entry.vertex,
      stream: entry.stream === 2 ? "stderr" : "stdout",
      data: Buffer.from(entry.data, "base64"),
    })),
    warnings: warnings.read.map(({ short }) => Buffer.from(short, "base64").toString("utf8")),
    broken: vertexes.broken + transfers.broken + logs.broken + warnings.broken,
  };
}

function readEntries<T>(
  shape: z.ZodMiniType<T>,
  entries: unknown,
): { readonly read: readonly T[]; readonly broken: number } {
  if (!Array.isArray(entries)) return { read: [], broken: 0 };
  const read = entries.flatMap((entry) => {
    const parsed = z.safeParse(shape, entry);
    return parsed.success ? [parsed.data] : [];
  });
  return { read, broken: entries.length - read.length };
}
