// SPDX-License-Identifier: MIT
import { fromText } from "../../bytes/byte-string.ts";
import { explainStop, follow, report, type Examination } from "./examination.ts";

/** The directories of the PATH that engines set. An image may keep that PATH and have few of them. */
export const USUAL_PATH: readonly string[] = [
  ...["/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin"],
];

/** The working directory must be a directory, or absent: then the runtime makes it. */
export function checkWorkingDirectory(examination: Examination): void {
  const { WorkingDir = "" } = examination.execution;
  if (WorkingDir === "") return;
  const path = fromText(WorkingDir.startsWith("/") ? WorkingDir : `/${WorkingDir}`);
  const found = follow(examination, path);
  const code = "wrong-working-directory";
  if (found.node !== undefined) {
    if (found.node.type === "directory") return;
    report(examination, code, path, `expected a directory to work in, got a ${found.node.type}`);
  } else if (found.stop?.why !== "absent") {
    report(examination, code, path, `expected a directory to work in: ${explainStop(found)}`);
  }
}

/** Notes directories of the PATH that are not there. */
export function checkSearchPath(examination: Examination): void {
  const variable = examination.execution.Env?.findLast((line) => line.startsWith("PATH="));
  const directories = variable?.slice("PATH=".length).split(":") ?? [];
  for (const directory of new Set(directories)) {
    if (!directory.startsWith("/") || USUAL_PATH.includes(directory)) continue;
    const path = fromText(directory);
    const found = follow(examination, path);
    if (found.node?.type === "directory") continue;
    const why = found.node === undefined ? explainStop(found) : `it is a ${found.node.type}`;
    report(examination, "search-path-missing", path, `is on the PATH: ${why}`, "note");
  }
}
