// SPDX-License-Identifier: MIT
import type { ImageReport, ImagesReport } from "../verify/image/image-report.ts";
import type { ReferenceComparison } from "../disk/look/compare-references.ts";
import type { LinkReport } from "../verify/link-report.ts";
import type { ImageLook } from "./look/image-look.ts";

/** The one model that every format is made from. */
export interface Report {
  /** The program that found it out. */
  readonly tool: { readonly name: string; readonly version: string };
  /** What was asked about, in its order. Two of them are shown side by side. */
  readonly subjects: readonly ReportSubject[];
  /** How the two subjects differ, where that was asked: path by path. */
  readonly comparison?: ReferenceComparison | undefined;
}

/** One thing that was asked about: a reference, or a directory. */
export interface ReportSubject {
  /** As people typed it; the name of a root filesystem, where several were found at what they typed. */
  readonly reference: string;
  /** Undefined where things were only compared, or only their links were followed. */
  readonly verified: ImagesReport | undefined;
  readonly images: readonly ReportedImage[];
}

/** One image, with what its report says and what can be shown of it. */
export interface ReportedImage {
  /** As text: what the image is called. */
  readonly name: string;
  /** As `linux/arm64`; undefined for a plain directory. */
  readonly platform: string | undefined;
  readonly digest: string | undefined;
  /** Undefined where the image itself was not verified. */
  readonly report: ImageReport | undefined;
  /** Where its links end; undefined where that was not asked. */
  readonly links?: LinkReport | undefined;
  /** Undefined where the image could not be looked into, or nobody wants to see it. */
  readonly look: ImageLook | undefined;
}
