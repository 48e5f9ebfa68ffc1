// SPDX-License-Identifier: MIT
import { escapeMarkup } from "../../oci/escape-markup.ts";

/** Text that is markup already. Only {@link html} makes it, so that nothing else gets into a page unescaped. */
export class Markup {
  readonly #text: string;

  constructor(parts: TemplateStringsArray, values: readonly Value[]) {
    this.#text = parts.reduce((text, part, at) => text + write(values[at - 1]) + part);
  }

  toString(): string {
    return this.#text;
  }
}

/** Text is escaped, undefined is nothing, and a list is one after the other. */
export type Value = string | number | Markup | readonly Markup[] | undefined;

/** A piece of HTML: what is put into the template is escaped, for content and for quoted attributes alike. */
export function html(parts: TemplateStringsArray, ...values: readonly Value[]): Markup {
  return new Markup(parts, values);
}

function write(value: Value): string {
  if (value === undefined) return "";
  if (typeof value === "string") return escapeHtml(value);
  if (typeof value === "number") return String(value);
  return value instanceof Markup ? value.toString() : value.map(String).join("");
}

/** Escapes text; characters that HTML has none for become `\ufffd`. */
export function escapeHtml(text: string): string {
  return escapeMarkup(text).replace(
    /[\u0000-\u0008\u000b-\u001f\u007f-\u009f]|\p{Surrogate}/gu,
    "\ufffd",
  );
}

/** A value as JSON that can lie in a script element: neither `</script` nor `<!--` can be in it. */
export function embedJson(value: object): string {
  return JSON.stringify(value)
    .replaceAll("<", "\\u003c")
    .replaceAll(">", "\\u003e")
    .replaceAll("\u2028", "\\u2028")
    .replaceAll("\u2029", "\\u2029");
}
