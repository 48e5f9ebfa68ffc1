// SPDX-License-Identifier: MIT
import { toText } from "../../bytes/byte-string.ts";
import { digestBytes } from "../../bytes/hash.ts";
import { readAll } from "../../bytes/streams/read-all.ts";
import type { OpenFile } from "../../disk/look/look-at-reference.ts";

/** A document is made in memory, so there is a bound to what it takes up. */
const MOST_BYTES = 16 * 1024 * 1024;

/** A file with its content for programs: as text if it is UTF-8, else in base64. @throws OciError `limit-exceeded` */
export async function fileDocument(file: OpenFile): Promise<object> {
  const path = toText(file.path);
  const bytes = await readAll(file.open(), MOST_BYTES, path);
  const text = decode(bytes);
  return {
    path,
    size: bytes.length,
    digest: digestBytes(bytes),
    ...(text === undefined
      ? { encoding: "base64", content: Buffer.from(bytes).toString("base64") }
      : { encoding: "utf-8", content: text }),
  };
}

function decode(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return undefined;
  }
}
