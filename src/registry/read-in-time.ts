// SPDX-License-Identifier: MIT
import type { Bytes } from "../bytes/bytes.ts";
import { readAll } from "../bytes/streams/read-all.ts";
import { limitExceeded, type Limits } from "../oci/limits.ts";
import { redactUrl } from "./hosts.ts";
import { endWithin } from "./least-rate.ts";

/** An answer whose body was not read yet. */
export interface Unread {
  readonly method: string;
  readonly url: URL;
  readonly body: Bytes;
}

/** How many bytes of a body are taken, and the limit that says so. */
export interface MostBytes {
  readonly most: number;
  readonly limit: "answerBytes" | "documentBytes";
}

/**
 * Reads the body of an answer to its end, which has to come within `answerTimeout`, however fast its bytes come.
 * @throws OciError `limit-exceeded`; what reading the body throws
 */
export function readInTime(
  { method, url, body }: Unread,
  { most, limit }: MostBytes,
  { answerTimeout: allowed }: Limits,
): Promise<Uint8Array> {
  const what = `${method} ${redactUrl(url)}`;
  const unit = "milliseconds for the whole answer";
  const timed = endWithin(body, allowed, () =>
    limitExceeded({ what, limit: "answerTimeout", allowed, unit }),
  );
  return readAll(timed, most, what, limit);
}
