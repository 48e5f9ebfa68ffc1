// SPDX-License-Identifier: MIT
import { join } from "node:path";
import { digestBytes } from "../../bytes/hash.ts";
import type { Image } from "../../image/image.ts";
import { digestEncoded } from "../../oci/digest.ts";
import type { Platform } from "../../oci/platform.ts";
import { nameImage } from "../../rootfs/contents/open-layer-tar.ts";
import { defaultCacheDirectory } from "../../store/cache-directory.ts";
import { openKeptFiles } from "../../store/kept-files.ts";
import { FINDINGS_VERSION } from "../facts/verdict-cache.ts";
import type { ImageReport } from "./image-report.ts";

/** Keeps what was found in images. An image of one digest, whose layers had their diffIDs, is found the same again. */
export interface ReportCache {
  /** @param entry the platform that an index gives, which is a part of the question */
  read(image: Image, entry: Platform | undefined): Promise<ImageReport | undefined>;
  /** What can't be written is not kept, which is no error. */
  write(image: Image, entry: Platform | undefined, report: ImageReport): Promise<void>;
}

/** Keeps reports in a directory, one file an image. Default: `content-facts` in the user's cache directory. */
export function openReportCache(
  directory: string = join(defaultCacheDirectory(), "content-facts"),
): ReportCache {
  const kept = openKeptFiles(directory);
  return {
    async read(image, entry) {
      const bytes = await kept.read(keyOf(image, entry));
      if (bytes === undefined) return undefined;
      const report = JSON.parse(new TextDecoder().decode(bytes)) as ImageReport;
      // The same image may be in another store.
      return { ...report, name: nameImage(image) };
    },
    async write(image, entry, report) {
      // Why a table can't be used may name the store.
      if (report.findings.some(({ code }) => code === "wrong-table")) return;
      await kept.write(keyOf(image, entry), new TextEncoder().encode(JSON.stringify(report)));
    },
  };
}

function keyOf({ descriptor }: Image, entry: Platform | undefined): string {
  const text = JSON.stringify([FINDINGS_VERSION, descriptor.digest, entry ?? null]);
  return `report-v${FINDINGS_VERSION}-${digestEncoded(digestBytes(new TextEncoder().encode(text)))}`;
}
