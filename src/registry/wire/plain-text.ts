// SPDX-License-Identifier: MIT

const utf8 = new TextDecoder("utf-8", { fatal: true });
/** Of a web page no more than this is looked at. */
const MOST_OF_PAGE = 64 * 1024;

/**
 * The text of a body. Its charset is the one that the content type names; without one that is known, UTF-8, or
 * windows-1252 for bytes that are not UTF-8. Never throws.
 */
export function decodeBody(bytes: Uint8Array, contentType = ""): string {
  const named = /;\s*charset\s*=\s*"?([\w.:-]{1,40})/i.exec(contentType)?.[1];
  const decoder = named === undefined ? undefined : decoderOf(named);
  if (decoder !== undefined) return decoder.decode(bytes);
  try {
    return utf8.decode(bytes);
  } catch {
    return new TextDecoder("windows-1252").decode(bytes);
  }
}

function decoderOf(charset: string): InstanceType<typeof TextDecoder> | undefined {
  try {
    return new TextDecoder(charset);
  } catch {
    return undefined;
  }
}

const ENTITIES: Readonly<Record<string, string>> = {
  amp: "&",
  lt: "<",
  gt: ">",
  quot: '"',
  apos: "'",
  nbsp: " ",
};

/** Text on one line; of a web page what a reader of it would see. */
export function plainText(text: string): string {
  const seen = /^\s*<(?:!doctype|html|head|body|\?xml|[a-z][\w:]*[\s>])/i.test(text)
    ? withoutMarkup(text.slice(0, MOST_OF_PAGE))
    : text;
  return seen.replace(/\s+/g, " ").trim();
}

function withoutMarkup(page: string): string {
  return withoutElements(page, ["script", "style"])
    .replace(/<[^<>]*>/g, " ")
    .replace(/&(?:#(\d{1,6})|(\w{1,8}));/g, (whole, number?: string, name?: string) =>
      number === undefined ? (ENTITIES[name ?? ""] ?? whole) : String.fromCodePoint(Number(number)),
    );
}

/** Takes out elements with what they contain, each found once from left to right, so in linear time. */
function withoutElements(page: string, names: readonly string[]): string {
  let rest = page;
  for (const name of names) {
    const parts = rest.split(new RegExp(`<${name}\\b`, "i"));
    const [first = "", ...others] = parts;
    const end = new RegExp(`</${name}\\s*>`, "i");
    rest = first + others.map((part) => part.split(end).slice(1).join(" ")).join(" ");
  }
  return rest;
}
