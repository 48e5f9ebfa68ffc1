// SPDX-License-Identifier: MIT
import { escapeText } from "../../bytes/byte-string.ts";
import { OciError } from "../../oci/errors.ts";
import { escapeLines } from "./terminal-text.ts";

/** The text for stderr when a command failed: what is wrong, then what to try. */
export function renderError(error: unknown): string {
  if (!(error instanceof OciError)) return `oci-kit: ${unexpected(error)}\n`;
  const hint = error.hint === undefined ? "" : `  try: ${escapeLines(error.hint)}\n`;
  return `oci-kit: ${escapeLines(error.message)}\n${hint}`;
}

/** The document that `--json` prints on stdout when a command failed. */
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
