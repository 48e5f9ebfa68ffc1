// SPDX-License-Identifier: MIT
import type { LinkChain, LinkChains } from "../look/link-chains.ts";
import { drawChain } from "./draw-chain.ts";
import { count } from "./figures.ts";
import { html, type Markup } from "./markup.ts";

/** So many chains are seen at once; the others are behind a click. */
const SEEN = 12;

/** The links that end nowhere and those of several hops, drawn hop by hop. */
export function chainsSection(id: string, chains: LinkChains): Markup | undefined {
  if (chains.links === 0) return undefined;
  const { shown, links, broken, long } = chains;
  const [seen, more] = [shown.slice(0, SEEN), shown.slice(SEEN)];
  const all = broken + long;
  return html`<section id="${id}" aria-labelledby="${id}-title">
    <h3 id="${id}-title">Link chains</h3>
    <p>
      ${count(links, "symbolic link")}; ${broken === 0 ? "none ends" : count(broken, "ends", "end")}
      nowhere; ${long === 0 ? "none goes" : count(long, "goes", "go")} through other links.
      ${
        shown.length < all
          ? `The ${shown.length} of them with the most hops are drawn, broken ones first.`
          : ""
      }
    </p>
    <ul class="chains">
      ${seen.map(draw)}
    </ul>
    ${
      more.length === 0
        ? undefined
        : html`<details>
            <summary>${count(more.length, "more chain")}</summary>
            <ul class="chains">
              ${more.map(draw)}
            </ul>
          </details>`
    }
  </section>`;
}

const ENDS: Readonly<Record<LinkChain["ends"], string>> = {
  absent: "is not there",
  "not-a-directory": "is no directory",
  "link-loop": "links without end",
  file: "file",
  directory: "directory",
  symlink: "link",
  character: "device",
  block: "device",
  fifo: "fifo",
  socket: "socket",
};

function draw({ path, hops, isCut, end, ends }: LinkChain): Markup {
  const isBroken = ends === "absent" || ends === "not-a-directory" || ends === "link-loop";
  return drawChain({ path, hops, isCut, end, ends: ENDS[ends], isBroken });
}
