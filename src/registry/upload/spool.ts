// SPDX-License-Identifier: MIT
import { closeSync, mkdtempSync, openSync, promises } from "node:fs";
import { join } from "node:path";
import type { Bytes, Source } from "../../bytes/bytes.ts";
import { createHasher } from "../../bytes/hash.ts";
import type { Descriptor } from "../../oci/documents/descriptor.ts";
import { digestOf } from "../../oci/digest.ts";
import { makeDirectories } from "../../files/make-directories.ts";
import { readFileBytes, writeWhole } from "../../files/regular-file.ts";
import { writing } from "../../files/system-error.ts";

/** Content in a private temporary file. */
export interface Spooled {
  readonly descriptor: Descriptor;
  readonly source: Source;
  /** Removes the file. */
  close(): Promise<void>;
}

const PURPOSE = "a blob, which is kept until it was uploaded";

/**
 * Writes bytes to a private file in a new directory below `below`, hashing them on the way. An upload needs
 * the size beforehand and may have to start again. When `bytes` fails, nothing is left behind.
 * @throws OciError `unwritable`, `not-found`; what `bytes` throws
 */
export async function spool(mediaType: string, bytes: Bytes, below: string): Promise<Spooled> {
  const make = (): string => {
    makeDirectories(below);
    return mkdtempSync(join(below, ".oci-kit.upload-"));
  };
  const directory = writing(below, make, PURPOSE);
  const close = (): Promise<void> => promises.rm(directory, { recursive: true, force: true });
  try {
    const file = join(directory, "content");
    const { size, hex } = await writeHashed(file, bytes);
    return {
      descriptor: { mediaType, digest: digestOf("sha256", hex), size },
      source: { size, open: (options) => readFileBytes(file, options) },
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

async function writeHashed(
  file: string,
  bytes: Bytes,
): Promise<{ readonly size: number; readonly hex: string }> {
  const hasher = createHasher("sha256");
  const fd = writing(file, () => openSync(file, "wx", 0o600), PURPOSE);
  let size = 0;
  try {
    for await (const chunk of bytes) {
      hasher.update(chunk);
      writing(file, () => writeWhole(fd, chunk), PURPOSE);
      size += chunk.length;
    }
  } finally {
    closeSync(fd);
  }
  return { size, hex: hasher.hex() };
}
