// SPDX-License-Identifier: MIT
import type { ByteString } from "../../bytes/byte-string.ts";
import type { Image } from "../../image/image.ts";
import type { LayerIndex } from "../../rootfs/layer-index/layer-index.ts";
import type { DescribedFilesystem } from "../../rootfs/look/describe-entries.ts";
import type { ClosureReport } from "../closure/closure-report.ts";
import type { ImageReport } from "./image-report.ts";

/** An image that was verified, with what had been found out on the way: what a report shows beside the findings. */
export interface ExaminedImage {
  readonly report: ImageReport;
  /** Closed with the reference: not to be used after the callback that it is given to has returned. */
  readonly root: DescribedFilesystem;
  /** Undefined for a plain directory. */
  readonly image: Image | undefined;
  /** One for each layer, the lowest first; empty for a plain directory. */
  readonly indexes: readonly LayerIndex[];
  /** Undefined where no programs were followed: an image that is not for Linux. */
  readonly closure: ClosureReport | undefined;
  /** What the configuration starts, paths without links. */
  readonly started: ReadonlySet<ByteString>;
}

/** Called once for each image that could be looked into, when its report is complete. */
export type OnExamined = (examined: ExaminedImage) => void;
