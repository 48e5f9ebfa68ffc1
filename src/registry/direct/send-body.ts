// SPDX-License-Identifier: MIT
import type { Source } from "../../bytes/bytes.ts";
import { exactly } from "../../bytes/streams/cut-bytes.ts";
import type { Limits } from "../../oci/limits.ts";
import { place, tooSlow, type Exchange } from "../exchange.ts";
import { watchUptake } from "../least-rate.ts";
import type { Connection } from "./connection.ts";

/** A body that is being sent while the answer is waited for: it may come before all has been sent. */
export interface SentBody {
  /**
   * Resolves to true when all has been taken, to false when sending has ended before because of the connection.
   * @throws any error of the source, and `size-mismatch` when it does not give as many bytes as were announced
   */
  readonly ended: Promise<boolean>;
  /** Whether all has been taken. */
  isWhole(): boolean;
  /** Stops before the next chunk, and closes the source. */
  stop(): void;
}

/**
 * Sends a body of known length from where it is read, without a copy: the next chunk is asked for when the socket has
 * taken the one before. A registry that takes almost nothing for long loses the connection.
 */
export function sendBody(
  connection: Connection,
  request: Exchange,
  body: Source & { readonly size: number },
  limits: Limits,
): SentBody {
  let isStopped = false;
  let isWhole = false;
  const send = async (): Promise<boolean> => {
    const bytes = exactly(body.open({ signal: request.signal }), body.size, place(request));
    const giveUp = (): void => connection.destroy(tooSlow(request, "taken"));
    for await (const chunk of watchUptake(bytes, limits, giveUp)) {
      if (isStopped || !(await connection.write(chunk))) return false;
    }
    isWhole = true;
    return true;
  };
  return {
    ended: send(),
    isWhole: () => isWhole,
    stop: () => {
      isStopped = true;
    },
  };
}
