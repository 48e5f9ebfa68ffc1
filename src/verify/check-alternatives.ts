// SPDX-License-Identifier: MIT
import { fromText, type ByteString } from "../bytes/byte-string.ts";
import { explainLost, report, trace, type Inspection } from "./root-inspection.ts";

const ALTERNATIVES = fromText("/etc/alternatives");
/** Manual pages, which slim images leave out while they keep the alternatives that lead to them. */
const DOCUMENTATION = /^\/usr\/share\/(?:man|doc|info)\//;

/**
 * Reports every entry of `/etc/alternatives` that leads nowhere, except the paths in `seen`, which were
 * reported already.
 */
export function checkAlternatives(inspection: Inspection, seen: ReadonlySet<ByteString>): void {
  const { node, path: directory } = trace(inspection, ALTERNATIVES);
  if (node?.type !== "directory") return;
  for (const name of inspection.root.list(directory)) {
    const path = `${directory}/${name}` as ByteString;
    if (seen.has(path) || inspection.root.lstat(path)?.type !== "symlink") continue;
    const resolution = trace(inspection, path);
    if (resolution.node !== undefined) continue;
    const { code, message } = explainLost(inspection, path, resolution);
    const severity = DOCUMENTATION.test(resolution.path) ? "note" : "error";
    report(inspection, code, path, message, severity);
  }
}
