// SPDX-License-Identifier: MIT
import { escapeText } from "../../bytes/byte-string.ts";
import { member } from "./loose-json.ts";
import { decodeBody, plainText } from "./plain-text.ts";

/** One entry of a registry's error answer (distribution-spec, "Error Codes"). */
export interface WireError {
  /** `MANIFEST_UNKNOWN`, `DENIED`… Empty when the answer has another form, without codes. */
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
const MOST_OF_DETAIL = 200;
const MOST_OF_PAGE = 200;

/** Formats the body of an error answer. */
export function formatErrorBody(code: WireErrorCode | "UNKNOWN", message: string): string {
  return JSON.stringify({ errors: [{ code, message }] });
}

/**
 * The registry's own words in the body of an error answer, whatever its form: the spec's `errors`, with codes
 * or without; one object with a `message`, an `error` or the like (GitHub, Artifactory, Docker Hub, OAuth,
 * RFC 9457); plain text; a web page, without its markup. Never throws: a body that says nothing gives no
 * entries. Codes and messages are escaped and truncated.
 * @param contentType its `charset` is used; without one the text is UTF-8, or else windows-1252
 * @param hide takes out of the text what nobody may see, before it is cut in pieces
 */
export function parseErrorBody(
  bytes: Uint8Array,
  contentType?: string,
  hide: (text: string) => string = (text) => text,
): readonly WireError[] {
  const text = hide(decodeBody(bytes, contentType));
  const value = tryParse(text);
  const entries =
    value === undefined
      ? [{ code: "", message: show(plainText(text), MOST_OF_PAGE) }]
      : entriesOf(value);
  return entries.slice(0, MOST_ENTRIES).filter(({ code, message }) => `${code}${message}` !== "");
}

/** Entries as one line, `DENIED: requested access to the resource is denied; …`; empty when there are none. */
export function formatWireErrors(errors: readonly WireError[]): string {
  return errors
    .map(({ code, message }) => [code, message].filter((part) => part !== "").join(": "))
    .join("; ");
}

function tryParse(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

function entriesOf(value: unknown): readonly WireError[] {
  const errors = member(value, "errors");
  if (Array.isArray(errors)) return errors.slice(0, MOST_ENTRIES).map(toEntry);
  return [toEntry(errors ?? value)];
}

/** Keys under which registries and the proxies before them put a sentence, the most telling first. */
const SENTENCES = ["message", "error_description", "error", "detail", "details", "title", "reason"];

function toEntry(value: unknown): WireError {
  if (typeof value === "string") return { code: "", message: show(value, MOST_CHARACTERS) };
  const [code] = [member(value, "code"), member(value, "error")].filter(isName);
  const key = SENTENCES.find((name) => isSentence(member(value, name), code));
  const inner = member(value, "error");
  if (key === undefined && typeof inner === "object" && inner !== null) return flat(inner, code);
  return flat(value, code, key);
}

function flat(value: unknown, code = "", key = "message"): WireError {
  const said = member(value, key);
  const message = typeof said === "string" ? show(said, MOST_CHARACTERS) : "";
  const detail = key === "detail" ? "" : showDetail(member(value, "detail"), said);
  const both = message === "" || detail === "" ? message + detail : `${message} (${detail})`;
  const name = code === "" ? member(value, "code") : code;
  return { code: isName(name) ? show(name, MOST_CHARACTERS) : "", message: both };
}

/** Whether this is a code, such as `DENIED` or OAuth's `invalid_grant`, rather than a sentence. */
function isName(value: unknown): value is string {
  return typeof value === "string" && value !== "" && !/\s/.test(value.trim());
}

function isSentence(value: unknown, code: string | undefined): boolean {
  return typeof value === "string" && value !== "" && value !== code;
}

/** What an entry is about: a text, or the members of an object as `Tag=v1 Name=a/b`. */
function showDetail(detail: unknown, message: unknown): string {
  if (detail === undefined || detail === null || detail === message) return "";
  if (typeof detail === "string") return show(detail, MOST_OF_DETAIL);
  const members = typeof detail === "object" ? Object.entries(detail) : [];
  const isFlat = !Array.isArray(detail) && members.every(([, value]) => typeof value !== "object");
  const text = isFlat
    ? members.map(([key, value]) => `${key}=${String(value)}`).join(" ")
    : JSON.stringify(detail);
  return show(text === "[]" ? "" : text, MOST_OF_DETAIL);
}

/** Cuts, then escapes. A surrogate pair is not cut in two. */
function show(text: string, most: number): string {
  const trimmed = text.trim();
  if (trimmed.length <= most) return escapeText(trimmed);
  return `${escapeText(trimmed.slice(0, most).replace(/[\ud800-\udbff]$/, ""))}…`;
}
