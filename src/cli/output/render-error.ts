// SPDX-License-Identifier: MIT
import { escapeText } from "../../bytes/byte-string.ts";
import { OciError } from "../../oci/errors.ts";
import { escapeLines } from "./terminal-text.ts";

/** What people read on stderr when a command failed: what, then what to try. */
export function renderError(error: unknown): string {
  if (!(error instanceof OciError)) return `oci-kit: ${unexpected(error)}\n`;
  const hint = error.hint === undefined ? "" : `  try: ${escapeLines(error.hint)}\n`;
  return `oci-kit: ${escapeLines(error.message)}\n${hint}`;
}

/** What programs read on stdout with `--json` when a command failed. */
export function errorDocument(error: unknown): object {
  if (!(error instanceof OciError)) {
    return { error: { code: "unexpected", message: unexpected(error) } };
  }
  const { code, message, hint, details } = error;
  return { error: { code, message, ...(hint === undefined ? {} : { hint }), details } };
}

function unexpected(error: unknown): string {
  if (!(error instanceof Error)) return escapeText(String(error));
  return escapeLines(error.stack ?? error.message);
}
