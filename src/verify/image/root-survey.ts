// SPDX-License-Identifier: MIT
import { toBytes, type ByteString } from "../../bytes/byte-string.ts";
import { hasElfMagic, readElfHeader, type ElfHeader } from "../../elf/elf-header.ts";
import { isOciError } from "../../oci/errors.ts";
import type { AbortOptions } from "../../bytes/bytes.ts";
import type { Node, RootFilesystem } from "../../rootfs/root-filesystem.ts";
import { walkFilesystem } from "../../rootfs/walk-filesystem.ts";
import { takeTurns } from "../take-turns.ts";
import type { OnVerifyProgress } from "./verify-progress.ts";

/** A file that starts like an ELF object. */
export interface FoundObject {
  /** The first of its names. */
  readonly path: ByteString;
  readonly node: Node;
  /** Undefined when it is damaged. */
  readonly header: ElfHeader | undefined;
}

/** A file that starts with `#!` and may be executed. */
export interface FoundScript {
  readonly path: ByteString;
  /** Its first line. */
  readonly line: ByteString;
}

/** What one walk through a root filesystem finds for all checks. */
export interface RootSurvey {
  readonly paths: number;
  readonly objects: readonly FoundObject[];
  readonly scripts: readonly FoundScript[];
}

const EXECUTE = 0o111;

/** Whether anyone may execute the file. */
export function isExecutable({ type, mode }: Node): boolean {
  return type === "file" && (mode & EXECUTE) !== 0;
}

export interface SurveyOptions extends AbortOptions {
  /** Called for every path, parents before children. */
  readonly visit?: ((path: ByteString, node: Node) => void) | undefined;
  readonly onProgress?: OnVerifyProgress;
}

/** Walks through the whole root once; no content is read. @throws what the root throws; OciError `aborted` */
export async function surveyRoot(
  root: RootFilesystem,
  { visit, onProgress, signal }: SurveyOptions = {},
): Promise<RootSurvey> {
  const turn = takeTurns({ signal }, root.name);
  const objects: FoundObject[] = [];
  const scripts: FoundScript[] = [];
  const seen = new Set<Node>();
  let paths = 0;
  for (const [path, node] of walkFilesystem(root)) {
    paths += 1;
    const others = turn();
    if (others !== undefined) {
      onProgress?.({ kind: "walking", paths });
      await others;
    }
    visit?.(path, node);
    if (node.type !== "file") continue;
    const { head } = node;
    if (head === undefined || seen.has(node)) continue;
    if (node.linkCount !== 1) seen.add(node);
    if (hasElfMagic(head)) objects.push({ path, node, header: headerOf(head) });
    else if (head.startsWith("#!") && isExecutable(node)) scripts.push({ path, line: head });
  }
  return { paths, objects, scripts };
}

function headerOf(head: ByteString): ElfHeader | undefined {
  try {
    return readElfHeader(toBytes(head));
  } catch (error) {
    if (isOciError(error, "invalid-elf")) return undefined;
    throw error;
  }
}
