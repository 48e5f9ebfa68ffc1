// SPDX-License-Identifier: MIT
import { escapeText } from "../../bytes/byte-string.ts";
import type { ServerEvent } from "../../server/listen/server-event.ts";

/** The format of a running registry's log. */
export type LogFormat = "text" | "json";

const MOST_CHARACTERS = 1_000;

/** One line of the log. Text sent by clients can neither move the cursor nor start a new line. */
export function formatServerEvent(event: ServerEvent, format: LogFormat, at: Date): string {
  const time = at.toISOString();
  if (format === "json") return `${escapeJson(JSON.stringify({ time, ...event }))}\n`;
  const client = event.client === "" ? "-" : show(event.client);
  if (event.kind === "connection-refused") {
    return `${time} ${client} connection refused: ${show(event.reason)}\n`;
  }
  if (event.kind === "certificate-not-renewed") {
    return `${time} - certificate not renewed: ${show(event.reason)}\n`;
  }
  const user = event.user === undefined ? "" : `${show(event.user)} `;
  const { method, target, status = "-", code, reason } = event;
  return `${time} ${client} ${user}${show(method)} ${show(target)} ${status} ${code}: ${show(reason)}\n`;
}

/** Escapes the characters that a terminal interprets and `JSON.stringify` leaves as they are. */
function escapeJson(json: string): string {
  return json.replace(
    /[\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

function show(text: string): string {
  const cut = text.length <= MOST_CHARACTERS ? text : `${text.slice(0, MOST_CHARACTERS)}…`;
  return escapeText(cut);
}
