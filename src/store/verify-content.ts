// SPDX-License-Identifier: MIT
import { lstatSync } from "node:fs";
import type { AbortOptions } from "../bytes/bytes.ts";
import { mapBounded } from "../bytes/map-bounded.ts";
import { drain } from "../bytes/streams/read-all.ts";
import type { Digest } from "../oci/digest.ts";
import type { Descriptor } from "../oci/documents/descriptor.ts";
import { isOciError, type OciError } from "../oci/errors.ts";
import type { Limits } from "../oci/limits.ts";
import { isIndexType, MediaType } from "../oci/media-types.ts";
import { childrenOf, namesContent } from "./content-graph.ts";
import { listBlobs } from "./layout/layout-blobs.ts";
import type { LayoutStore } from "./layout/layout.ts";
import { readDocumentBytes } from "./read-documents.ts";
import type { ReadableStore } from "./store.ts";

/** What is wrong with one piece of content. */
export interface ContentFinding {
  /**
   * `missing`: it is named but not there. `damaged`: its bytes or its size are wrong. `invalid`: it is not
   * the manifest or index that it should be. `unreadable`: it could not be checked.
   */
  readonly code: "missing" | "damaged" | "invalid" | "unreadable";
  readonly digest: Digest;
  readonly message: string;
}

/** The result of a verification. */
export interface VerifiedContent {
  /**
   * The number of pieces that were read and hashed, including the wrong ones. `bytes` counts the right ones
   * only.
   */
  readonly checked: number;
  readonly bytes: number;
  /** In the order in which content is named. Content that nothing names comes last. */
  readonly findings: readonly ContentFinding[];
  /**
   * Images of an index that a sparse store does not hold: `docker save` keeps only the platform that was
   * pulled.
   */
  readonly absent: readonly Descriptor[];
}

/** Options of {@link verifyContent}. */
export interface VerifyContentOptions extends AbortOptions {
  /**
   * Whether images that an index names may be missing: an archive need not hold all of them, a layout must.
   */
  readonly sparse?: boolean | undefined;
  /** A layout. Its blobs that no root leads to are verified too. */
  readonly layout?: LayoutStore | undefined;
  /** Content that the caller has just read and verified. It counts as checked and is not read again. */
  readonly verified?: ReadonlySet<Digest> | undefined;
  /** How many pieces are read at the same time. */
  readonly concurrency?: number | undefined;
  readonly limits?: Partial<Limits> | undefined;
  /** Called after each piece. */
  readonly onProgress?: ((checked: number, bytes: number) => void) | undefined;
}

const CONCURRENCY = 4;

/**
 * Reads and hashes every piece of content below the roots, once. Wrong content is reported as a finding and
 * never throws. Layers that are published elsewhere (`urls`) may be missing.
 * @throws OciError `aborted`
 */
export async function verifyContent(
  store: ReadableStore,
  roots: readonly Descriptor[],
  options: VerifyContentOptions = {},
): Promise<VerifiedContent> {
  const { concurrency = CONCURRENCY, signal, layout } = options;
  const seen = new Set<Digest>();
  const findings: ContentFinding[] = [];
  const absent: Descriptor[] = [];
  let checked = 0;
  let bytes = 0;

  const check = async (piece: Piece, stop: AbortSignal): Promise<readonly Piece[]> => {
    const { descriptor } = piece;
    const verdict = await checkPiece(store, piece, { ...options, signal: stop });
    if (verdict === "absent") absent.push(descriptor);
    if (typeof verdict === "string") return [];
    checked += verdict.finding?.code === "missing" ? 0 : 1;
    bytes += verdict.finding === undefined ? descriptor.size : 0;
    if (verdict.finding !== undefined) findings.push(verdict.finding);
    options.onProgress?.(checked, bytes);
    return verdict.children;
  };
  const isNew = ({ descriptor: { digest } }: Piece): boolean => {
    const known = seen.has(digest);
    seen.add(digest);
    return !known;
  };

  let level = roots.map((descriptor): Piece => ({ descriptor, ofIndex: false })).filter(isNew);
  while (level.length > 0) {
    const found = await mapBounded(level, concurrency, check, { signal });
    level = found.flat().filter(isNew);
  }
  if (layout !== undefined) {
    const others = unnamedBlobs(layout).filter(isNew);
    await mapBounded(others, concurrency, check, { signal });
  }
  return { checked, bytes, findings, absent };
}

interface Piece {
  readonly descriptor: Descriptor;
  /** Whether an index names it. */
  readonly ofIndex: boolean;
}

interface Verdict {
  readonly finding?: ContentFinding;
  readonly children: readonly Piece[];
}

/** Checks one piece. The result "elsewhere" means that only the addresses in `urls` have it. */
async function checkPiece(
  store: ReadableStore,
  { descriptor, ofIndex }: Piece,
  options: VerifyContentOptions,
): Promise<Verdict | "absent" | "elsewhere"> {
  const { limits, signal } = options;
  try {
    if (!namesContent(descriptor)) {
      if (options.verified?.has(descriptor.digest) !== true)
        await drain(store.fetch(descriptor, { signal }));
      return { children: [] };
    }
    const bytes = await readDocumentBytes(store, descriptor, { limits, signal });
    const children = childrenOf(descriptor, bytes, limits);
    const isIndex = isIndexType(descriptor.mediaType);
    return { children: children.map((child) => ({ descriptor: child, ofIndex: isIndex })) };
  } catch (error) {
    if (!isOciError(error) || error.code === "aborted") throw error;
    if (error.code === "not-found" && ofIndex && options.sparse === true) return "absent";
    if (error.code === "not-found" && descriptor.urls !== undefined) return "elsewhere";
    return { finding: findingOf(descriptor.digest, error), children: [] };
  }
}

const CODES: Partial<Readonly<Record<OciError["code"], ContentFinding["code"]>>> = {
  "not-found": "missing",
  "digest-mismatch": "damaged",
  "size-mismatch": "damaged",
  truncated: "damaged",
  "invalid-layout": "damaged",
  "invalid-json": "invalid",
  "invalid-manifest": "invalid",
  "invalid-index": "invalid",
  "invalid-descriptor": "invalid",
};

function findingOf(digest: Digest, { code, message }: OciError): ContentFinding {
  return { code: CODES[code] ?? "unreadable", digest, message };
}

/** All blobs of a layout as pieces to verify. Only their digests can be checked. */
function unnamedBlobs({ directory }: LayoutStore): readonly Piece[] {
  return [...listBlobs(directory)].map(({ path, digest }) => {
    const { size } = lstatSync(path);
    return { descriptor: { mediaType: MediaType.octetStream, digest, size }, ofIndex: false };
  });
}
