// SPDX-License-Identifier: MIT
/**
 * Reports of what was verified or compared, from one model: text for people, SARIF and JUnit for CI, one self-contained HTML
 * page, and a document for JSON.
 * @module
 */
export type * from "./report.ts";
export type { ImageLook } from "./look/image-look.ts";
export { lookAtImage } from "./look/look-at-image.ts";
export type { ImageLayer } from "./look/image-layers.ts";
export type { LinkChain, LinkChains } from "./look/link-chains.ts";
export type { GraphProgram, ProgramGraph } from "./look/program-graph.ts";
export { measureTree, walkSized, type SizedEntry } from "./look/sized-tree.ts";
export { compareSizes, type SizeChange, type SizeChanges } from "./compare/size-changes.ts";
export { pairImages, type ImagePair } from "./compare/pair-images.ts";
export { listFindings, type ListedFinding } from "./list-findings.ts";
export {
  reportOnReferences,
  type AskedReference,
  type ReportOptions,
} from "./report-on-references.ts";
export { reportOnDifferences, type DifferencesOptions } from "./report-on-differences.ts";
export { reportOnLinks, type AskedLinks, type ReportOnLinksOptions } from "./report-on-links.ts";
export { verdictOf } from "./verdict.ts";
export { verifiedDocument } from "./report-document.ts";
export { linkReportDocument } from "./link-report-document.ts";
export {
  writeReportFile,
  writeReports,
  type ReportFiles,
  type ReportFormat,
  type WriteReportsOptions,
} from "./write-reports.ts";
export { renderJunit } from "./junit/render-junit.ts";
export { renderLayerPlan, type PlannedImage, type PlannedLayer } from "./html/render-layer-plan.ts";
export { renderPage } from "./html/render-page.ts";
export { displayWidth, fitWidth } from "./text/display-width.ts";
export { escapeLine } from "./text/escape-line.ts";
export { count, table } from "./text/format.ts";
export { renderText } from "./text/render-text.ts";
export { renderSarif } from "./sarif/render-sarif.ts";
export type * from "./sarif/sarif-log.ts";
