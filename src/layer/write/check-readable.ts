// SPDX-License-Identifier: MIT
import { toText } from "../../bytes/byte-string.ts";
import { limitExceeded, type Limits } from "../../oci/limits.ts";
import { quote } from "../../oci/quote.ts";
import type { Entry } from "../entry.ts";

type Limit = "entries" | "pathBytes" | "extendedHeaderBytes";

/** What of an entry's place in its layer counts against a limit. */
export interface Counts {
  /** Of the layer, this one too. */
  readonly entries: number;
  /** Bytes of its extended header. */
  readonly extended: number;
}

/**
 * Checks that the parser would read an entry with these limits: a layer that is written can be read again.
 * @throws OciError `limit-exceeded`
 */
export function checkReadable(
  entry: Entry,
  { entries, extended }: Counts,
  limits: Pick<Limits, Limit>,
): void {
  const check = (got: number, limit: Limit, unit: string): void => {
    const allowed = limits[limit];
    if (got <= allowed) return;
    throw limitExceeded({
      what: `entry ${quote(toText(entry.path))} of a new layer`,
      ...{ limit, allowed, got, unit },
      instead: "More is written than would be read again.",
      details: { path: entry.path },
    });
  };
  check(extended, "extendedHeaderBytes", "bytes of extended headers");
  check(entries, "entries", "entries");
  check(entry.path.length, "pathBytes", "bytes of the path");
  check(entry.linkTarget.length, "pathBytes", "bytes of the link target");
}
