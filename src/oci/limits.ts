// SPDX-License-Identifier: MIT
import { OciError } from "./errors.ts";

/**
 * Bounds on what hostile input can make the library do. Every function that reads foreign bytes takes a
 * `Partial<Limits>`, completed from {@link DEFAULT_LIMITS}.
 */
export interface Limits {
  /** Bytes of a manifest, an index or a config. */
  readonly documentBytes: number;
  /** Nesting of a JSON document. */
  readonly jsonDepth: number;
  /** Descriptors in one index, or layers in one manifest. */
  readonly children: number;
  /** Depth of indexes within indexes. */
  readonly indexDepth: number;
  /** Entries of one layer, and also directories that their paths go through. */
  readonly entries: number;
  /** Bytes of one path or link target in a layer. */
  readonly pathBytes: number;
  /** Bytes of all extended headers (PAX, GNU long names) before one entry. */
  readonly extendedHeaderBytes: number;
  /** Bytes of all PAX records in a layer's global headers, which apply to every entry. */
  readonly globalHeaderBytes: number;
  /** Extents in the map of one sparse file. */
  readonly sparseExtents: number;
  /** Uncompressed bytes per compressed byte, beyond the first {@link expansionFloor} bytes. */
  readonly expansionRatio: number;
  /** Uncompressed bytes that are always allowed: a disk image of zeros compresses ten thousandfold. */
  readonly expansionFloor: number;
  /** Bytes of one sparse file, its holes with them: no more than ext4 holds of a file. */
  readonly sparseFileBytes: number;
  /**
   * Bytes of holes of a layer's sparse files that are hashed or written out as zeros, the latter and
   * {@link expansionRatio} for each byte of the layer. A hole that stays a hole costs nothing.
   */
  readonly holeBytes: number;
  /**
   * Bytes of the paths of all directories that a layer's paths go through, beyond those of its entries:
   * one path of 60 KB through 30,000 directories without entries makes paths of 900 MB.
   */
  readonly impliedPathBytes: number;
  /** Bytes of one zstd window. */
  readonly zstdWindow: number;
  /** Symbolic links followed while one path is resolved. Linux follows 40. */
  readonly linkHops: number;
  /** Redirects followed for one request. */
  readonly redirects: number;
  /** Bytes of a token answer or an error body. */
  readonly answerBytes: number;
  /** Milliseconds without a byte from a registry before it counts as unreachable. */
  readonly idleTimeout: number;
  /** Milliseconds for the whole of an answer that is no blob: a manifest, or a page of a list. */
  readonly answerTimeout: number;
  /** Bytes a second that an answer or an upload must reach, measured over each {@link idleTimeout} of waiting for it. */
  readonly leastRate: number;
  /** Milliseconds that a credential helper may take: it may ask its user for a passphrase. */
  readonly helperTimeout: number;
  /** Answers before the answer (HTTP status 1xx) to one request. */
  readonly informationalAnswers: number;
  /** Tags, or other names, in all pages of one list. */
  readonly listItems: number;
  /** Bytes of all pages of one list. */
  readonly listBytes: number;
  /** Milliseconds that a client of the embedded registry may take for the head of a request. */
  readonly headTimeout: number;
  /** Uploads to the embedded registry that are begun and not ended, of all clients. */
  readonly openUploads: number;
  /** The same of one client, which is one address. */
  readonly clientUploads: number;
  /** Connections of one client to the embedded registry. */
  readonly clientConnections: number;
}

/** The defaults: generous for real images (40 GB, 10 million entries), finite for hostile ones. */
export const DEFAULT_LIMITS: Limits = Object.freeze({
  documentBytes: 4 * 1024 * 1024,
  jsonDepth: 64,
  children: 10_000,
  indexDepth: 8,
  entries: 10_000_000,
  pathBytes: 65_536,
  extendedHeaderBytes: 4 * 1024 * 1024,
  globalHeaderBytes: 16_384,
  sparseExtents: 1_000_000,
  expansionRatio: 200,
  expansionFloor: 4 * 1024 * 1024 * 1024,
  sparseFileBytes: 16 * 1024 ** 4,
  holeBytes: 256 * 1024 * 1024,
  impliedPathBytes: 16 * 1024 * 1024,
  zstdWindow: 128 * 1024 * 1024,
  linkHops: 40,
  redirects: 10,
  answerBytes: 1024 * 1024,
  idleTimeout: 60_000,
  answerTimeout: 600_000,
  leastRate: 1024,
  helperTimeout: 120_000,
  informationalAnswers: 100,
  listItems: 1_000_000,
  listBytes: 64 * 1024 * 1024,
  headTimeout: 30_000,
  openUploads: 1_000,
  clientUploads: 100,
  clientConnections: 256,
});

/** The defaults, with the caller's values in place of some. */
export function withLimits(limits: Partial<Limits> | undefined): Limits {
  return limits === undefined ? DEFAULT_LIMITS : { ...DEFAULT_LIMITS, ...limits };
}

/** What was found to exceed a bound. */
export interface Excess {
  /** What the input is called: a path, a URL, "layer 3 of …". Left out where whoever catches the error adds it. */
  readonly what?: string | undefined;
  /** The limit, where it is one that callers can change. */
  readonly limit?: keyof Limits | undefined;
  /** How many are allowed, and how many there are; undefined when nobody counted to the end. */
  readonly allowed: number;
  readonly got?: number | undefined;
  /** What is counted, to be read after a number: "bytes", "entries", "bytes of the path". */
  readonly unit: string;
  /** What to try before the limit is raised: a sentence. */
  readonly instead?: string | undefined;
  /** Further facts for programs. */
  readonly details?: Readonly<Record<string, unknown>> | undefined;
}

/**
 * The one error for input that is larger than allowed, `limit-exceeded`. Its `details` are `limit` (a key of
 * {@link Limits}; absent for a bound that is fixed), `allowed`, and `got` where it is known.
 */
export function limitExceeded({
  what,
  limit,
  allowed,
  got,
  unit,
  instead,
  details,
}: Excess): OciError {
  const place = what === undefined ? "" : `${what}: `;
  const raise =
    limit === undefined
      ? undefined
      : `If the content is trusted, raise it with --limit ${limit}=N (limits.${limit} in the library).`;
  const hint = [instead, raise].filter((part) => part !== undefined).join(" ") || undefined;
  return new OciError(
    "limit-exceeded",
    `${place}expected at most ${allowed} ${unit}, got ${got ?? "more"}`,
    {
      details: {
        ...details,
        ...(limit === undefined ? {} : { limit }),
        allowed,
        ...(got === undefined ? {} : { got }),
      },
      ...(hint === undefined ? {} : { hint }),
    },
  );
}
