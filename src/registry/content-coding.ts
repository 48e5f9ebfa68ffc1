// SPDX-License-Identifier: MIT
import type { Bytes } from "../bytes/bytes.ts";
import { OciError } from "../oci/errors.ts";
import type { Limits } from "../oci/limits.ts";
import { quote } from "../oci/quote.ts";
import type { Coding } from "./content-decoders.ts";

/** How {@link undoCodings} reads. */
export interface CodingOptions {
  /** `expansionRatio`, `expansionFloor` and `zstdWindow` apply. */
  readonly limits: Limits;
  /** The request, for errors. */
  readonly what: string;
}

/** A body without its codings. */
export interface Uncoded {
  readonly bytes: Bytes;
  /** Whether there were any, so that lengths and ranges of the answer are not those of the content. */
  readonly isCoded: boolean;
}

/** More than two have never been seen; each costs memory. */
const MOST_CODINGS = 4;

/**
 * Undoes the codings of a `Content-Encoding` (RFC 9110, 8.4), the last one first. Servers and proxies compress
 * answers although they were asked not to. The limits on what is read count for what comes out.
 * @throws OciError while reading: `unsupported-compression` for a coding that is not known or more than four,
 * `invalid-compression`, `truncated`, `limit-exceeded`
 */
export function undoCodings(
  bytes: Bytes,
  header: string | undefined,
  options: CodingOptions,
): Uncoded {
  const names = (header ?? "")
    .split(",")
    .map((name) => name.trim().toLowerCase())
    .filter((name) => name !== "" && name !== "identity");
  if (names.length === 0) return { bytes, isCoded: false };
  const isKnown = names.every((name) => CODINGS.has(name));
  if (names.length > MOST_CODINGS || !isKnown) {
    return { bytes: refuse(names, options.what), isCoded: true };
  }
  const plain = names.reduceRight<Bytes>(
    (coded, name) => undo(coded, CODINGS.get(name)!, options),
    bytes,
  );
  return { bytes: plain, isCoded: true };
}

const CODINGS: ReadonlyMap<string, Coding> = new Map<string, Coding>([
  ["gzip", "gzip"],
  ["x-gzip", "gzip"],
  ["zstd", "zstd"],
  ["deflate", "deflate"],
  ["br", "br"],
]);

/** The decoders are loaded where they are needed: an honest registry needs none. */
async function* undo(bytes: Bytes, coding: Coding, options: CodingOptions): Bytes {
  const { decode } = await import("./content-decoders.ts");
  yield* decode(bytes, coding, options);
}

/** The error comes where the body is read. */
async function* refuse(names: readonly string[], what: string): Bytes {
  await Promise.resolve();
  yield* [];
  throw new OciError(
    "unsupported-compression",
    `${what}: expected a body as it is stored, or one in gzip, deflate, br or zstd, got the Content-Encoding ${quote(names.join(", "))}`,
    {
      details: { codings: names },
      hint: "A proxy before the registry encodes its answers; let it leave them as they are.",
    },
  );
}
