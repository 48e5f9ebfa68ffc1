// SPDX-License-Identifier: MIT
import type { AbortOptions, Source } from "../../bytes/bytes.ts";
import { decompress, detectCompression } from "../../bytes/compression.ts";
import type { EntryEdit } from "../../layer/edit/edit-entry.ts";
import { editLayer } from "../../layer/edit/edit-layer.ts";
import { isHeader } from "../../layer/format/checksum.ts";
import { OciError } from "../../oci/errors.ts";
import { quote } from "../../oci/quote.ts";
import type { Limits } from "../../oci/limits.ts";
import type { Compression } from "../../oci/media-types.ts";
import { fileSource } from "../../files/regular-file.ts";
import type { NewLayer } from "./image-view.ts";

const BLOCK = 512;

export interface LayerFileOptions extends AbortOptions {
  /** For the history. Default: the file's own name, without its directories. */
  readonly name?: string | undefined;
  /** Edits of its entries; then it is compressed anew. */
  readonly edit?: EntryEdit | undefined;
  /** How it shall be stored. Default: as it is; a plain tar as gzip. */
  readonly storedAs?: Compression | undefined;
  readonly limits?: Partial<Limits> | undefined;
}

/**
 * A tar file as a new layer: plain, gzip or zstd, known by its first bytes. Only these are read now.
 * @throws OciError `not-found`, `unreadable`; `unsupported-compression` for xz and bzip2
 */
export async function openLayerFile(
  path: string,
  options: LayerFileOptions = {},
): Promise<NewLayer> {
  const name = options.name ?? path.slice(path.lastIndexOf("/") + 1);
  const source = fileSource(path);
  const compression = await compressionOf(source, path);
  const { edit, limits, storedAs = compression === "none" ? "gzip" : compression } = options;
  if (edit === undefined) return { name, source, compression, storedAs };
  const edited: Source = {
    open: (abort) => {
      const tar = decompress(source.open(abort), compression, { ...abort, limits, what: path });
      return editLayer(tar, edit, { ...abort, limits, what: path });
    },
  };
  return { name, source: edited, compression: "none", storedAs };
}

async function compressionOf(source: Source, path: string): Promise<Compression> {
  for await (const head of source.open()) {
    const detected = detectCompression(head);
    if (detected === undefined) {
      checkTar(head, path);
      return "none";
    }
    if (detected === "gzip" || detected === "zstd") return detected;
    throw new OciError(
      "unsupported-compression",
      `${JSON.stringify(path)}: expected a tar, plain or compressed with gzip or zstd, got ${detected}`,
      { details: { path, compression: detected }, hint: `Decompress it first: ${detected} -d` },
    );
  }
  return "none";
}

/** A plain tar begins with a header, or with zeros where it is empty. */
function checkTar(head: Uint8Array, path: string): void {
  const block = head.subarray(0, BLOCK);
  if (block.length === BLOCK && (isHeader(block) || block.every((byte) => byte === 0))) return;
  const begin = new TextDecoder().decode(head.subarray(0, 24));
  throw new OciError(
    "invalid-layer",
    `${JSON.stringify(path)}: expected a tar, plain or compressed with gzip or zstd, got what begins with ${quote(begin)}`,
    {
      details: { path },
      hint: "To add a file, put it into a directory and name that: --layer DIR",
    },
  );
}
