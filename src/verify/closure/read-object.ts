// SPDX-License-Identifier: MIT
import type { ByteString } from "../../bytes/byte-string.ts";
import type { AbortOptions, Bytes } from "../../bytes/bytes.ts";
import type { ElfBytes } from "../../elf/elf-bytes.ts";
import { hasElfMagic } from "../../elf/elf-header.ts";
import { readElf, type ElfObject } from "../../elf/read-elf.ts";
import { isOciError } from "../../oci/errors.ts";
import type { Node, RootFilesystem } from "../../rootfs/root-filesystem.ts";

/** What a file is, for a loader. */
export type LoadedFile =
  | { readonly kind: "elf"; readonly object: ElfObject }
  /** It starts like an ELF object, and is none. */
  | { readonly kind: "damaged"; readonly why: string }
  | { readonly kind: "other" };

/** Reads the objects of one root, each once: a library is asked about by every program that needs it. */
export type ReadObject = (path: ByteString, node: Node) => Promise<LoadedFile>;

/** @throws from the function: what `root.read` throws */
export function createObjectReader(root: RootFilesystem, options: AbortOptions): ReadObject {
  const known = new Map<Node, Promise<LoadedFile>>();
  return (path, node) => {
    const found = known.get(node) ?? readObject(root, path, node, options);
    known.set(node, found);
    return found;
  };
}

async function readObject(
  root: RootFilesystem,
  path: ByteString,
  node: Node,
  options: AbortOptions,
): Promise<LoadedFile> {
  if (node.type !== "file" || !hasElfMagic(node.head)) return { kind: "other" };
  return readContent(node.size, () => root.read(path, options));
}

/**
 * What a file of `size` bytes is for a loader. `open` gives its content from the first byte; it is called
 * again only for an object that can't be read forwards.
 * @throws what reading the content throws
 */
export async function readContent(size: number, open: () => Bytes): Promise<LoadedFile> {
  const content = openForwards(size, open);
  try {
    const object = await readElf(content);
    return object === undefined ? { kind: "other" } : { kind: "elf", object };
  } catch (error) {
    if (!isOciError(error, "invalid-elf")) throw error;
    return { kind: "damaged", why: error.message };
  } finally {
    await content.close();
  }
}

/**
 * So many bytes from the start of an object are kept while it is read. A linker puts the names and versions
 * before the code, and the dynamic section behind it: with these bytes at hand, one pass is enough.
 */
export const KEPT_OF_OBJECT = 16 * 1024 * 1024;

/** Ranges of content that can only be read forwards: what lies before is read again from the start. */
function openForwards(size: number, open: () => Bytes): ElfBytes & { close(): Promise<void> } {
  const kept: Uint8Array[] = [];
  let keptBytes = 0;
  let reader: AsyncIterator<Uint8Array> | undefined;
  let chunk: Uint8Array = new Uint8Array();
  /** The offset of the first byte of `chunk`. */
  let at = 0;

  const close = async (): Promise<void> => {
    await reader?.return?.();
    reader = undefined;
  };
  const next = async (): Promise<boolean> => {
    reader ??= open()[Symbol.asyncIterator]();
    at += chunk.length;
    const step = await reader.next();
    chunk = step.done === true ? new Uint8Array() : step.value;
    // A chunk belongs to its reader only until the next one.
    if (step.done !== true && at === keptBytes && keptBytes < KEPT_OF_OBJECT) {
      kept.push(Uint8Array.from(chunk));
      keptBytes += chunk.length;
    }
    return step.done !== true;
  };
  const fromStream = async (target: Uint8Array, from: number): Promise<void> => {
    if (from < at) {
      await close();
      chunk = new Uint8Array();
      at = 0;
    }
    for (let filled = 0; filled < target.length;) {
      const position = from + filled;
      if (position < at + chunk.length) {
        const part = chunk.subarray(position - at, position - at + target.length - filled);
        target.set(part, filled);
        filled += part.length;
      } else if (!(await next())) return;
    }
  };
  return {
    size,
    close,
    read: async (offset, length) => {
      const target = new Uint8Array(length);
      const fromKept = copyKept(kept, target, offset);
      if (fromKept < length) await fromStream(target.subarray(fromKept), offset + fromKept);
      return target;
    },
  };
}

/** Copies what is kept of a range; returns how many of its first bytes that were. */
function copyKept(kept: readonly Uint8Array[], target: Uint8Array, offset: number): number {
  let filled = 0;
  let start = 0;
  for (const chunk of kept) {
    const from = offset + filled - start;
    if (from >= 0 && from < chunk.length && filled < target.length) {
      const part = chunk.subarray(from, from + target.length - filled);
      target.set(part, filled);
      filled += part.length;
    }
    start += chunk.length;
  }
  return filled;
}
