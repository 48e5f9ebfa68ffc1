// SPDX-License-Identifier: MIT
import { toText } from "../../bytes/byte-string.ts";
import type { LinkChain, LinkReport } from "../../verify/link-report.ts";
import { tellHops } from "../look/told-hops.ts";
import { formatEnd } from "../text/link-report-lines.ts";
import { drawChain } from "./draw-chain.ts";
import { count, formatCount, shorten } from "./figures.ts";
import { html, type Markup } from "./markup.ts";

/** More chains are counted, and in the other formats. */
const MOST_CHAINS = 500;

/** The links that were followed, each hop by hop to its end: those that don't hold come first. */
export function linksSection(id: string, { chains }: LinkReport): Markup {
  const wrong = chains.filter(({ ok }) => !ok);
  const shown = [...wrong, ...chains.filter(({ ok }) => ok)].slice(0, MOST_CHAINS);
  const left = chains.length - shown.length;
  return html`<section id="${id}" aria-labelledby="${id}-title">
    <h3 id="${id}-title">Links, hop by hop</h3>
    ${
      chains.length === 0
        ? html`<p class="nothing">
            Nothing to check: no compiler on the PATH and no expected link. This is no answer.
          </p>`
        : html`<p>
            ${count(chains.length, "link")} checked;
            ${wrong.length === 0 ? "all hold" : count(wrong.length, "does not hold", "do not hold")}.
          </p>`
    }
    <ul class="chains">
      ${shown.map(draw)}
    </ul>
    ${
      left === 0
        ? undefined
        : html`<p class="left-out">${formatCount(left)} more are left out here; --json has all.</p>`
    }
  </section>`;
}

function draw(chain: LinkChain): Markup {
  const { path, target, end, expected, ok } = chain;
  const { hops, isEndless, again, isCut } = tellHops(chain);
  const ends = isEndless ? "links without end" : formatEnd(end);
  const remark =
    ok || expected === undefined
      ? undefined
      : html`<span class="remark">expected ${shorten(toText(expected))}</span>`;
  return drawChain({ path, hops, isCut, end: again ?? target, ends, isBroken: !ok, remark });
}
