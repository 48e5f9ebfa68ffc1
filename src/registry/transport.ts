// SPDX-License-Identifier: MIT
import type { TransportOptions } from "./options.ts";

/** What the repositories of one registry share: connections, tokens, a bound on requests at once. */
export interface Transport {
  /** As the caller named it: `registry.example:5000`. */
  readonly registry: string;
  /** Closes idle connections, and lets running requests end. */
  close(): Promise<void>;
}

/** Opens what the repositories of one registry share. Nothing is sent before the first request. */
export function openTransport(registry: string, options: TransportOptions = {}): Transport {
  throw new Error(`${registry} ${String(options.userAgent)}`);
}
