// SPDX-License-Identifier: MIT
import { toText, type ByteString } from "../../bytes/byte-string.ts";
import { parseInterpreter } from "../script-interpreter.ts";
import { join } from "../search-path.ts";
import { listSome } from "./check-programs.ts";
import { directoryOf, explainStop, follow, report, type Examination } from "./examination.ts";
import { isExecutable, type FoundScript } from "./root-survey.ts";

/**
 * Looks for what runs each script, `env` seen through. A missing interpreter is an error where the script
 * is started by the image or stands on the PATH, and a note elsewhere: packages bring examples for
 * interpreters that need not be there. One finding for each interpreter, of the worse kind.
 */
export function checkScripts(examination: Examination, started: ReadonlySet<ByteString>): void {
  const problems = new Map<ByteString, Problem & Record<"run" | "others", ByteString[]>>();
  for (const script of examination.survey.scripts) {
    const problem = findProblem(examination, script);
    if (problem === undefined) continue;
    const { path } = script;
    const isRun = started.has(path) || examination.search.includes(directoryOf(path));
    if (!isRun && INERT.test(path)) continue;
    const known = problems.get(problem.interpreter) ?? { ...problem, run: [], others: [] };
    problems.set(problem.interpreter, known);
    known[isRun ? "run" : "others"].push(path);
  }
  for (const { interpreter, why, run, others } of problems.values()) {
    const [path, ...more] = [...run, ...others];
    const also = more.length === 0 ? "" : `; it runs ${listSome(more.map(toText))} too`;
    const message = `is run by ${toText(interpreter)}: ${why}${also}`;
    report(examination, "interpreter-missing", path!, message, run.length > 0 ? "error" : "note");
  }
}

/** Documentation, examples and tests of packages. */
const INERT = /\/(share\/doc|examples?|samples?|tests?|testdata)\//;

interface Problem {
  readonly interpreter: ByteString;
  readonly why: string;
}

/** How many scripts may be run by one another (BINPRM_MAX_RECURSION of Linux). */
const DEEPEST = 4;

function findProblem(examination: Examination, script: FoundScript): Problem | undefined {
  let line: ByteString | undefined = script.line;
  let interpreter = script.path;
  for (let depth = 0; line !== undefined; depth += 1) {
    if (depth > DEEPEST) return { interpreter, why: "too many scripts run one another" };
    const { path, program } = parseInterpreter(line);
    interpreter = path;
    const found = locate(examination, path);
    if (typeof found === "string") return { interpreter, why: found };
    line = found.line;
    if (program === undefined) continue;
    interpreter = program;
    const run = program.includes("/") ? locate(examination, program) : search(examination, program);
    if (typeof run === "string") return { interpreter, why: run };
    line = run.line;
  }
  return undefined;
}

/** The first line of what is there when that is a script; a sentence when it can't run anything. */
type Located = string | { readonly line: ByteString | undefined };

function locate(examination: Examination, interpreter: ByteString): Located {
  if (interpreter === "") return "its first line names nothing";
  const path = (interpreter.startsWith("/") ? interpreter : `/${interpreter}`) as ByteString;
  const found = follow(examination, path);
  const { node } = found;
  if (node === undefined) return explainStop(found);
  if (node.type !== "file") return `it is a ${node.type}`;
  if (!isExecutable(node)) return "it has no execute permission";
  return { line: node.head?.startsWith("#!") === true ? node.head : undefined };
}

function search(examination: Examination, name: ByteString): Located {
  for (const directory of examination.search) {
    const located = locate(examination, join(directory, name));
    if (typeof located !== "string") return located;
  }
  return "it is not on the PATH";
}
