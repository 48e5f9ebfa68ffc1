// SPDX-License-Identifier: MIT
import type { AbortOptions, Source } from "../../bytes/bytes.ts";
import { decompress, detectCompression } from "../../bytes/compression.ts";
import { skip } from "../../bytes/streams/cut-bytes.ts";
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
  /** What the history says about the layer. Default: the file's name, without its directories. */
  readonly name?: string | undefined;
  /** An edit of the layer's entries. With one, the layer is compressed anew. */
  readonly edit?: EntryEdit | undefined;
  /** How the layer will be compressed. Default: as the file is, and gzip for a plain tar. */
  readonly storedAs?: Compression | undefined;
  readonly limits?: Partial<Limits> | undefined;
}

/**
 * A tar file as a new layer. Its first bytes tell whether it is plain, gzip or zstd; only they are read now.
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
    open: ({ offset = 0, signal } = {}) => {
      const tar = decompress(source.open({ signal }), compression, { signal, limits, what: path });
      return skip(editLayer(tar, edit, { signal, limits, what: path }), offset);
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
