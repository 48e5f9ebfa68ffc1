// SPDX-License-Identifier: MIT
import { listCounts } from "../../verify/image/image-report.ts";
import type { ListedFinding } from "../list-findings.ts";
import type { ReportedImage } from "../report.ts";
import { chainsSection } from "./chains-section.ts";
import { filesSection, programsSection } from "./drawn-sections.ts";
import { count, shorten } from "./figures.ts";
import { findingsSection } from "./findings-section.ts";
import { layersSection } from "./layers-section.ts";
import { linksSection } from "./links-section.ts";
import { html, type Markup } from "./markup.ts";

/** What the page shows of one image: findings first, then what was looked at. */
export function imageSection(
  image: ReportedImage,
  number: number,
  title: string,
  findings: readonly ListedFinding[],
  summed: number,
): Markup {
  const { look, report, links, digest } = image;
  const id = `image-${number}`;
  return html`<article id="${id}" aria-labelledby="${id}-title">
    <h2 id="${id}-title">${title}</h2>
    <p class="facts-of-image">
      ${digest === undefined ? undefined : html`<code>${shorten(digest)}</code>`} ${countsOf(image)}
    </p>
    ${(report ?? links) && findingsSection(`${id}-findings`, findings, "Nothing wrong was found.")}
    ${links && linksSection(`${id}-followed`, links)}
    ${look && layersSection(`${id}-layers`, look.layers)}
    ${look && filesSection(`${id}-files`, number, look.tree, summed)}
    ${look && chainsSection(`${id}-links`, look.chains)}
    ${look?.programs && programsSection(`${id}-programs`, number, look.programs)}
  </article>`;
}

function countsOf({ report }: ReportedImage): string {
  if (report === undefined) return "";
  const { checked } = report;
  if (checked === undefined) return "This image could not be looked into.";
  const looked = listCounts(checked).map(([number, noun]) => count(number, noun));
  return `Looked at: ${looked.join(", ")}.`;
}
