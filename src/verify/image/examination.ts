// SPDX-License-Identifier: MIT
import { toText, type ByteString } from "../../bytes/byte-string.ts";
import type { AbortOptions } from "../../bytes/bytes.ts";
import type { ExecutionConfig } from "../../oci/documents/image-config.ts";
import type { Limits } from "../../oci/limits.ts";
import { tracePath, type Resolution } from "../../rootfs/resolve-path.ts";
import type { RootFilesystem } from "../../rootfs/root-filesystem.ts";
import type { ReadObject } from "../closure/read-object.ts";
import type { ImageFinding, ImageFindingCode } from "./image-report.ts";
import type { RootSurvey } from "./root-survey.ts";

/** What the checks of one root filesystem share: the question, and the findings. */
export interface Examination extends AbortOptions {
  readonly root: RootFilesystem;
  readonly read: ReadObject;
  readonly survey: RootSurvey;
  /** What a container is started with. */
  readonly execution: ExecutionConfig;
  /** The directories of the PATH that are there, without links. */
  readonly search: readonly ByteString[];
  /** As image configurations name it; undefined when nothing says it. */
  readonly architecture: string | undefined;
  readonly limits: Partial<Limits> | undefined;
  readonly findings: ImageFinding[];
}

/** Records a finding; its message begins with the path. */
export function report(
  { findings }: Examination,
  code: ImageFindingCode,
  path: ByteString,
  message: string,
  severity: ImageFinding["severity"] = "error",
): void {
  findings.push({ code, severity, path, message: `${toText(path)}: ${message}` });
}

/** Follows a path inside the root. A loop of links is a result, not an error. */
export function follow({ root, limits }: Examination, path: ByteString): Resolution {
  return tracePath(root, path, { limits });
}

/** Why a path leads nowhere. */
export function explainStop({ hops, path, stop }: Resolution): string {
  if (stop?.why === "link-loop") return `it is still a link after ${hops.length} hops`;
  const at = toText(stop?.path ?? path);
  return stop?.why === "not-a-directory" ? `${at} is no directory` : `${at} is not there`;
}

/** The directory of a path. */
export function directoryOf(path: ByteString): ByteString {
  return path.slice(0, Math.max(1, path.lastIndexOf("/"))) as ByteString;
}
