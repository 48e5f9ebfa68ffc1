// SPDX-License-Identifier: MIT
import { toText } from "../../bytes/byte-string.ts";
import type { Image } from "../../image/image.ts";
import { isOciError } from "../../oci/errors.ts";
import type { IndexLayersOptions } from "../../rootfs/layer-index/image-indexes.ts";
import type { LayerIndex } from "../../rootfs/layer-index/layer-index.ts";
import { compareTable } from "../../rootfs/table/compare-table.ts";
import { openTable } from "../../rootfs/table/layer-table.ts";
import type { ImageFinding } from "./image-report.ts";

/**
 * Compares each table of contents (zstd:chunked, eStargz) with the layer that it describes: clients that read
 * single files believe the table. One that can't be used is no more than a note, because then the layer is read.
 * @throws OciError what fetching a table throws
 */
export async function checkTables(
  image: Image,
  indexes: readonly LayerIndex[],
  options: Pick<IndexLayersOptions, "cache" | "limits" | "signal">,
): Promise<readonly ImageFinding[]> {
  const { cache, limits, signal } = options;
  const findings: ImageFinding[] = [];
  for (const [number, { digest }] of image.manifest.value.layers.entries()) {
    const add = (
      severity: ImageFinding["severity"],
      path: ImageFinding["path"],
      message: string,
    ): void => {
      const where = `layer ${number}: the table of contents`;
      const layer = { number, digest };
      findings.push({
        ...{ code: "wrong-table", severity, path, layer },
        message: `${where} ${message}`,
      });
    };
    const table = await openTable(image, number, {
      ...{ cache: cache?.tables, limits, signal },
      onProgress: (event) => {
        if (event.kind !== "table-unusable") return;
        const isWrong = isOciError(event.error, "digest-mismatch");
        const why = event.error instanceof Error ? event.error.message : String(event.error);
        add(isWrong ? "error" : "note", undefined, `can't be used: ${why}`);
      },
    });
    const difference = table && compareTable(table.index, indexes[number]!);
    if (difference === undefined) continue;
    const { path, field, table: told, layer: own } = difference;
    add("error", path, `says of ${toText(path)}: ${field} ${told}; the layer has ${own}`);
  }
  return findings;
}
