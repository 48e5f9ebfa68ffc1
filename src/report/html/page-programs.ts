// SPDX-License-Identifier: MIT
import { toText } from "../../bytes/byte-string.ts";
import type { ProgramGraph } from "../look/program-graph.ts";
import type { PagePrograms } from "./page-data.ts";

/** The graph of programs as the page's script reads it. */
export function pagePrograms(graph: ProgramGraph): PagePrograms {
  return {
    objects: graph.objects.map(toText),
    needs: graph.needs,
    lacks: [...graph.lacks].map(([object, names]) => [object, names.map(toText)]),
    programs: graph.programs.map(({ object, isBroken, isStarted }) => ({
      object,
      state: isBroken ? "broken" : isStarted ? "started" : "other",
    })),
  };
}
