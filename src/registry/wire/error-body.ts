// SPDX-License-Identifier: MIT
import { escapeText } from "../../bytes/byte-string.ts";
import { member, tryParseJson } from "./loose-json.ts";

/** One entry of a registry's error answer (distribution-spec, "Error Codes"). */
export interface WireError {
  /** `MANIFEST_UNKNOWN`, `DENIED`… */
  readonly code: string;
  /** A message for people, already escaped. Empty when the registry gave none. */
  readonly message: string;
}

/** The codes that the distribution-spec defines. */
export type WireErrorCode =
  | "BLOB_UNKNOWN"
  | "BLOB_UPLOAD_INVALID"
  | "BLOB_UPLOAD_UNKNOWN"
  | "DIGEST_INVALID"
  | "MANIFEST_BLOB_UNKNOWN"
  | "MANIFEST_INVALID"
  | "MANIFEST_UNKNOWN"
  | "NAME_INVALID"
  | "NAME_UNKNOWN"
  | "SIZE_INVALID"
  | "UNAUTHORIZED"
  | "DENIED"
  | "UNSUPPORTED"
  | "TOOMANYREQUESTS";

const MOST_ENTRIES = 10;
const MOST_CHARACTERS = 400;

/** Formats the body of an error answer. */
export function formatErrorBody(code: WireErrorCode | "UNKNOWN", message: string): string {
  return JSON.stringify({ errors: [{ code, message }] });
}

/**
 * Parses the body of an error answer. Never throws: a body of another form (HTML, plain text) gives no
 * entries. Codes and messages are escaped and truncated.
 */
export function parseErrorBody(bytes: Uint8Array): readonly WireError[] {
  const errors = member(tryParseJson(bytes), "errors");
  if (!Array.isArray(errors)) return [];
  return errors.slice(0, MOST_ENTRIES).flatMap((entry: unknown) => {
    const code = member(entry, "code");
    if (typeof code !== "string") return [];
    const message = member(entry, "message");
    return [{ code: show(code), message: typeof message === "string" ? show(message) : "" }];
  });
}

/** Entries as one line, `DENIED: requested access to the resource is denied; …`; empty when there are none. */
export function formatWireErrors(errors: readonly WireError[]): string {
  return errors
    .map(({ code, message }) => (message === "" ? code : `${code}: ${message}`))
    .join("; ");
}

function show(text: string): string {
  return escapeText(text.slice(0, MOST_CHARACTERS));
}
