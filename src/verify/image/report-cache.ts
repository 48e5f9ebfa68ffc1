// SPDX-License-Identifier: MIT
import { join } from "node:path";
import { digestBytes } from "../../bytes/hash.ts";
import type { Image } from "../../image/image.ts";
import { digestEncoded } from "../../oci/digest.ts";
import { withLimits, type Limits } from "../../oci/limits.ts";
import type { Platform } from "../../oci/platform.ts";
import { nameImage } from "../../rootfs/contents/open-layer-tar.ts";
import { defaultCacheDirectory } from "../../store/cache-directory.ts";
import { openKeptFiles } from "../../store/kept-files.ts";
import { FINDINGS_VERSION } from "../facts/verdict-cache.ts";
import type { ImageReport } from "./image-report.ts";

/** What was asked of an image, beside the image itself. */
export interface ReportQuestion {
  /** The platform that an index gives. */
  readonly entry?: Platform | undefined;
  /** Of these, how many links are followed: the others change no answer, they are errors. */
  readonly limits?: Partial<Limits> | undefined;
}

/** Keeps what was found in images. An image of one digest, whose layers had their diffIDs, is found the same again. */
export interface ReportCache {
  read(image: Image, question: ReportQuestion): Promise<ImageReport | undefined>;
  /** What can't be written is not kept, which is no error. */
  write(image: Image, question: ReportQuestion, report: ImageReport): Promise<void>;
}

/** Keeps reports in a directory, one file an image. Default: `content-facts` in the user's cache directory. */
export function openReportCache(
  directory: string = join(defaultCacheDirectory(), "content-facts"),
): ReportCache {
  const kept = openKeptFiles(directory);
  return {
    async read(image, question) {
      const bytes = await kept.read(keyOf(image, question));
      if (bytes === undefined) return undefined;
      const report = JSON.parse(new TextDecoder().decode(bytes)) as ImageReport;
      // The same image may be in another store.
      return { ...report, name: nameImage(image) };
    },
    async write(image, question, report) {
      // Why a table can't be used may name the store.
      if (report.findings.some(({ code }) => code === "wrong-table")) return;
      await kept.write(keyOf(image, question), new TextEncoder().encode(JSON.stringify(report)));
    },
  };
}

function keyOf({ descriptor }: Image, { entry, limits }: ReportQuestion): string {
  const { linkHops } = withLimits(limits);
  const text = JSON.stringify([FINDINGS_VERSION, descriptor.digest, entry ?? null, linkHops]);
  return `report-v${FINDINGS_VERSION}-${digestEncoded(digestBytes(new TextEncoder().encode(text)))}`;
}
