// SPDX-License-Identifier: MIT
import { toText, type ByteString } from "../bytes/byte-string.ts";
import type { Limits } from "../oci/limits.ts";
import { tracePath, type Resolution } from "../rootfs/resolve-path.ts";
import type { RootFilesystem } from "../rootfs/root-filesystem.ts";
import type { LinkFinding, LinkFindingCode } from "./link-report.ts";

/** What the checks of one root filesystem share: the question, and the findings. */
export interface Inspection {
  readonly root: RootFilesystem;
  /** The directories of the image's PATH. */
  readonly search: readonly ByteString[];
  readonly existsOnHost: (path: ByteString) => boolean;
  readonly limits: Partial<Limits> | undefined;
  readonly findings: LinkFinding[];
  /** The expected architecture. If it is that of the first executable, `from` is its path. */
  architecture: { readonly name: string; readonly from: ByteString | undefined } | undefined;
}

/** Records a finding about the chain that began at `path`. */
export function report(
  inspection: Inspection,
  code: LinkFindingCode,
  path: ByteString,
  message: string,
  severity: LinkFinding["severity"] = "error",
): void {
  inspection.findings.push({ code, severity, path, message: `${toText(path)}: ${message}` });
}

/** Follows a path inside the root. A loop of links is a result, not an error. */
export function trace(inspection: Inspection, path: ByteString): Resolution {
  return tracePath(inspection.root, path, { limits: inspection.limits });
}

/** The finding for a chain that leads nowhere: why it does. */
export function explainLost(
  inspection: Inspection,
  path: ByteString,
  lost: Resolution,
): { readonly code: LinkFindingCode; readonly message: string } {
  const { hops, stop } = lost;
  if (stop?.why === "link-loop") {
    return {
      code: "loop",
      message: `expected an end, got a loop: still a link after ${hops.length} hops`,
    };
  }
  const at = stop?.path ?? lost.path;
  const why =
    stop?.why === "not-a-directory"
      ? `${toText(at)} is no directory`
      : `${toText(at)} is not in the root`;
  if (isMissing(inspection, path))
    return { code: "missing", message: `expected something there: ${why}` };
  const host = [lost.path, ...hops.map((hop) => hop.target)]
    .filter((target) => target.startsWith("/"))
    .find((target) => !isInRoot(inspection, target) && inspection.existsOnHost(target));
  return host === undefined
    ? { code: "dangling", message: `leads to ${toText(lost.path)}: ${why}` }
    : { code: "host-only", message: `leads to ${toText(host)}: ${why}, only this machine has it` };
}

function isMissing({ root, limits }: Inspection, path: ByteString): boolean {
  return tracePath(root, path, { followLast: false, limits }).node === undefined;
}

/** Whether the target of a hop exists. Then another hop is the broken one. */
function isInRoot({ root, limits }: Inspection, path: ByteString): boolean {
  return tracePath(root, path, { followLast: false, limits }).node !== undefined;
}
