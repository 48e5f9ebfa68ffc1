// SPDX-License-Identifier: MIT
import { lstatSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { isDigest, parseDigest, type Digest } from "../../../oci/digest.ts";
import type { Descriptor } from "../../../oci/documents/descriptor.ts";
import { OciError } from "../../../oci/errors.ts";
import { quote } from "../../../oci/quote.ts";
import { openOciArchive } from "../../../store/archive/oci-archive.ts";
import { openLayout } from "../../../store/layout/layout.ts";
import { readDocumentBytes } from "../../../store/read-documents.ts";
import type { ReadableStore } from "../../../store/store.ts";
import type { BuildOutput } from "../request/build-request.ts";

/** An image that a builder made. */
export interface BuiltImage {
  /** Of the only root of the layout or the archive. */
  readonly descriptor: Descriptor;
  /** What lies on this disk, with the layers of the parents. */
  readonly bytes: number;
}

/**
 * Reads what a builder wrote. The digest is that of the output's only root, whose bytes are read and verified, and the
 * builder must have said the same one.
 * @param place where the output is now
 * @throws OciError `digest-mismatch` when the two differ; `unreadable`, `invalid-layout`, … for what can't be read
 */
export async function readBuiltImage(
  output: BuildOutput,
  place: string,
  metadataFile: string,
): Promise<BuiltImage> {
  const told = readToldDigest(metadataFile);
  const { descriptor, bytes } =
    output.kind === "layout" ? await readLayout(place) : await readArchive(place);
  if (descriptor.digest === told) return { descriptor, bytes };
  throw new OciError(
    "digest-mismatch",
    `${quote(place)}: expected ${told}, which the builder says that it made, got ${descriptor.digest}`,
    { details: { expected: told, got: descriptor.digest, path: place } },
  );
}

async function readLayout(directory: string): Promise<BuiltImage> {
  const store = await openLayout(directory);
  const descriptor = await onlyRoot(store, directory);
  const blobs = join(directory, "blobs", "sha256");
  const sizes = readdirSync(blobs).map((name) => lstatSync(join(blobs, name)).size);
  return { descriptor, bytes: sizes.reduce((sum, size) => sum + size, 0) };
}

async function readArchive(file: string): Promise<BuiltImage> {
  const archive = await openOciArchive(file);
  try {
    return { descriptor: await onlyRoot(archive, file), bytes: lstatSync(file).size };
  } finally {
    await archive.close();
  }
}

async function onlyRoot(store: ReadableStore, place: string): Promise<Descriptor> {
  const roots = (await store.capabilities.roots?.()) ?? [];
  const [root] = roots;
  if (root === undefined || new Set(roots.map(({ digest }) => digest)).size > 1) {
    throw new OciError(
      "invalid-layout",
      `${quote(place)}: expected one image from the builder, got ${roots.length}`,
    );
  }
  await readDocumentBytes(store, root);
  return root;
}

/** The digest in the file that the builder writes at the end. @throws OciError `unreadable` */
function readToldDigest(file: string): Digest {
  let told: unknown;
  try {
    const metadata = JSON.parse(readFileSync(file, "utf8")) as Record<string, unknown> | null;
    told = metadata?.["containerimage.digest"];
  } catch (cause) {
    throw untold("no file that says it", cause);
  }
  if (typeof told === "string" && isDigest(told)) return parseDigest(told);
  throw untold(quote(told));
}

function untold(got: string, cause?: unknown): OciError {
  return new OciError(
    "unreadable",
    `the builder ended well: expected the digest of what it made, got ${got}`,
    { cause, hint: "Is the builder older than BuildKit 0.8? It has to write --metadata-file." },
  );
}
