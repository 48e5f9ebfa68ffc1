// SPDX-License-Identifier: MIT
import { style } from "#report-page";
import { digestBytes } from "../../bytes/hash.ts";
import { digestEncoded } from "../../oci/digest.ts";
import type { Report } from "../report.ts";
import { html, type Markup } from "./markup.ts";

/** What a page consists of. */
export interface PageParts {
  readonly title: string;
  readonly tool: Report["tool"];
  readonly body: Markup;
  /** A script, and the JSON that it finds in the element `data`. Without it, the page may run none. */
  readonly program?: { readonly script: string; readonly data: string };
}

/** One HTML page that may load nothing, and run and look like nothing but what is in it. */
export function framePage({ title, tool, body, program }: PageParts): string {
  const policy = [
    "default-src 'none'",
    ...(program === undefined ? [] : [`script-src '${hashOf(program.script)}'`]),
    `style-src '${hashOf(style)}'`,
    "base-uri 'none'",
    "form-action 'none'",
  ].join("; ");
  const head = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="generator" content="${tool.name} ${tool.version}">
<title>${title}</title>
<style>`;
  return [
    String(head),
    style,
    "</style>\n</head>\n<body>\n",
    String(body),
    ...(program === undefined
      ? []
      : [
          `\n<script type="application/json" id="data">${program.data}</script>\n<script>`,
          program.script,
          "</script>",
        ]),
    "\n</body>\n</html>\n",
  ].join("");
}

/** The text as a content security policy names it. */
function hashOf(text: string): string {
  const hex = digestEncoded(digestBytes(new TextEncoder().encode(text)));
  const bytes = hex.match(/../g)!.map((pair) => String.fromCharCode(Number.parseInt(pair, 16)));
  return `sha256-${btoa(bytes.join(""))}`;
}
