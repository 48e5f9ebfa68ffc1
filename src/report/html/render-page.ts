// SPDX-License-Identifier: MIT
import { script } from "#report-page";
import { formatBytes } from "../../bytes/format-bytes.ts";
import { pairImages } from "../compare/pair-images.ts";
import { groupFindings, listFindings, type ListedFinding } from "../list-findings.ts";
import type { Report, ReportedImage } from "../report.ts";
import { verdictOf } from "../verdict.ts";
import { comparisonSection } from "./comparison-section.ts";
import { differencesSection } from "./differences-section.ts";
import { count } from "./figures.ts";
import { countFindings, findingsSection } from "./findings-section.ts";
import { imageSection } from "./image-section.ts";
import { embedJson, html, type Markup } from "./markup.ts";
import type { PageData, PageImage } from "./page-data.ts";
import { framePage } from "./page-frame.ts";
import { pagePrograms } from "./page-programs.ts";
import { cutTree } from "./page-tree.ts";

/**
 * Renders a report as one HTML page that needs nothing else: no network, and for findings, layers and links no
 * script either. Its size is bounded: of an image of any size the page has the 5,000 largest entries, at most
 * a thousand findings, and sums and counts of the rest. The same report gives the same bytes.
 */
export function renderPage(report: Report): string {
  const page = arrange(report);
  const data: PageData = { images: page.images.map(({ data: own }) => own) };
  return framePage({
    title: `oci-kit: ${titleOf(report)}`,
    tool: report.tool,
    body: bodyOf(report, page),
    program: { script, data: embedJson(data) },
  });
}

/** What the page is about. More than a few references would be a page of names. */
function titleOf({ subjects }: Report): string {
  const names = subjects.map(({ reference }) => reference);
  const left = names.length - MOST_NAMED;
  if (left < 2) return names.join(" and ");
  return `${names.slice(0, MOST_NAMED).join(", ")} and ${left} more`;
}

const MOST_NAMED = 3;

/** An image with its place in the page. */
interface PlacedImage {
  readonly image: ReportedImage;
  readonly title: string;
  readonly data: PageImage;
  readonly summed: number;
  readonly findings: readonly ListedFinding[];
}

interface Page {
  readonly images: readonly PlacedImage[];
  readonly findings: readonly ListedFinding[];
}

function arrange(report: Report): Page {
  const findings = listFindings(report);
  const ofImages = groupFindings(findings, ({ image }) => image);
  const beside = new Map<ReportedImage, ReportedImage>();
  for (const { one, other } of pairImages(report)) beside.set(one, other).set(other, one);
  const images = report.subjects.flatMap(({ reference, images: own }) =>
    own.map((image): PlacedImage => {
      const { look, platform } = image;
      const cut = look && cutTree(look.tree, beside.get(image)?.look?.tree);
      return {
        image,
        title: platform === undefined ? reference : `${reference} ${platform}`,
        data: { tree: cut?.top, programs: look?.programs && pagePrograms(look.programs) },
        summed: cut?.summed ?? 0,
        findings: ofImages.get(image) ?? [],
      };
    }),
  );
  return { images, findings };
}

function bodyOf(report: Report, { images, findings }: Page): Markup {
  const isVerified = report.subjects.some(
    ({ verified, images: own }) => verified !== undefined || own.some(({ links }) => links),
  );
  const pairs = pairImages(report);
  return html`<a class="skip" href="#main">Skip to the report</a>
    <header>
      <h1>${titleOf(report)}</h1>
      ${isVerified ? verdict(report, findings) : undefined} ${contents(images, pairs.length)}
    </header>
    <main id="main" tabindex="-1">
      ${contentSections(report, findings)} ${pairSections(report, images)}
      ${report.comparison && differencesSection("differences", report.comparison)}
      ${images.map(({ image, title, findings: own, summed }, at) =>
        imageSection(image, at, title, own, summed),
      )}
    </main>
    <footer>
      Made by ${report.tool.name} ${report.tool.version}. Nothing was run to find this out.
    </footer>`;
}

const VERDICTS = {
  holds: "✓ All right",
  wrong: "✗ Something is wrong",
  unknown: "? Not everything could be told",
} as const;

function verdict(report: Report, findings: readonly ListedFinding[]): Markup {
  const found = verdictOf(report);
  return html`<p class="verdict ${found}">
    <strong>${VERDICTS[found]}</strong> ${countFindings(findings)}
  </p>`;
}

function contents(images: readonly PlacedImage[], pairs: number): Markup | undefined {
  if (images.length < 2) return undefined;
  const parts = images.map(
    ({ title, findings }, at) =>
      html`<li><a href="#image-${at}">${title}</a> ${countFindings(findings)}</li>`,
  );
  return html`<nav aria-label="Contents">
    <ul>
      ${pairs > 0 ? html`<li><a href="#pair-0">Side by side</a></li>` : undefined} ${parts}
    </ul>
  </nav>`;
}

function contentSections(report: Report, findings: readonly ListedFinding[]): Markup[] {
  return report.subjects.flatMap((subject, at) => {
    const content = subject.verified?.content;
    if (content === undefined) return [];
    const own = findings.filter((one) => one.subject === subject && one.image === undefined);
    const read = `${count(content.checked, "piece")} of content, ${formatBytes(content.bytes)}`;
    if (own.length === 0) {
      return [html`<p class="right">✓ ${subject.reference}: ${read}: each has its digest.</p>`];
    }
    return [
      html`<article aria-label="Content of ${subject.reference}">
        <h2>Content of ${subject.reference}</h2>
        <p>${read}.</p>
        ${findingsSection(`content-${at}`, own, "")}
      </article>`,
    ];
  });
}

function pairSections(report: Report, images: readonly PlacedImage[]): Markup[] {
  return pairImages(report).flatMap(({ one, other }, at) => {
    const [first, second] = [one, other].map((image) => {
      const number = images.findIndex((placed) => placed.image === image);
      const { look } = image;
      return look && { image, look, number, title: images[number]!.title };
    });
    if (first === undefined || second === undefined) return [];
    return [comparisonSection(`pair-${at}`, first, second)];
  });
}
