// SPDX-License-Identifier: MIT

/** What XML 1.0 can't carry, not even as a reference (section 2.2, `Char`), and lone surrogates. */
const NO_CHARACTERS = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]|\p{Surrogate}/gu;
/** What markup is made of, and the white space that an attribute or a parser would change. */
const MARKUP = /[&<>"'\t\r]/g;

/**
 * Text for an element or an attribute of XML 1.0. Characters that XML has no way to write are shown as `\xNN`
 * or `\uNNNN`.
 */
export function escapeXml(text: string): string {
  return text
    .replace(NO_CHARACTERS, (character) => {
      const code = character.charCodeAt(0).toString(16);
      return code.length <= 2 ? `\\x${code.padStart(2, "0")}` : `\\u${code.padStart(4, "0")}`;
    })
    .replace(MARKUP, (character) => `&#${String(character.charCodeAt(0))};`);
}

/** A start tag with attributes; those that are undefined are left out. */
export function openTag(
  name: string,
  attributes: Readonly<Record<string, string | number | undefined>>,
): string {
  const given = Object.entries(attributes).filter(([, value]) => value !== undefined);
  const written = given.map(
    ([key, value]) => ` ${key}="${escapeXml(String(value)).replaceAll("\n", "&#10;")}"`,
  );
  return `<${name}${written.join("")}>`;
}
