// SPDX-License-Identifier: MIT
import { toText } from "../../bytes/byte-string.ts";
import type { ContextSize } from "../../chain/context/walk/context-size.ts";
import { formatBytes } from "../../bytes/format-bytes.ts";
import { count } from "../../report/text/format.ts";

/** How much a context is, and what is large in it. */
export function contextText({
  files,
  bytes,
  largestFiles,
  largestDirectories,
}: ContextSize): string {
  const [large] = largestDirectories.length > 0 ? largestDirectories : largestFiles;
  const what =
    large === undefined ? "" : `, most in ${toText(large.path)}: ${formatBytes(large.bytes)}`;
  return `${formatBytes(bytes)} in ${count(files, "file")}${what}`;
}
