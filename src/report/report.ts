// SPDX-License-Identifier: MIT
import type { ImageReport, ImagesReport } from "../verify/image/image-report.ts";
import type { ReferenceComparison } from "../disk/look/compare-references.ts";
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
  /** As people typed it. */
  readonly reference: string;
  /** Undefined where two things were only compared, and not verified. */
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
  /** Undefined where it was only compared. */
  readonly report: ImageReport | undefined;
  /** Undefined where the image could not be looked into, or nobody wants to see it. */
  readonly look: ImageLook | undefined;
}
