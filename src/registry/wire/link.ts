// SPDX-License-Identifier: MIT

const LINK = /<([^<>]{0,4096})>([^<]{0,1024})/g;
const NEXT = /;\s*rel\s*=\s*"?next"?\s*(?:[;,]|$)/i;

/** The target of `rel="next"` in a `Link` header (RFC 8288), unresolved; undefined when there is none. */
export function parseNextLink(header: string | undefined): string | undefined {
  for (const [, target, parameters] of (header ?? "").matchAll(LINK)) {
    if (NEXT.test(parameters ?? "")) return target;
  }
  return undefined;
}

/** Formats a `Link` header: `</v2/a/tags/list?last=v1&n=2>; rel="next"`. */
export function formatNextLink(target: string): string {
  return `<${target}>; rel="next"`;
}
