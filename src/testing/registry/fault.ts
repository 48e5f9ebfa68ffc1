// SPDX-License-Identifier: MIT
import type { Route } from "../../registry/wire/paths.ts";

/** The requests that a fault is for: those with all the named properties. */
export interface FaultTarget {
  readonly method?: string | readonly string[] | undefined;
  /** The endpoint: `blob`, `manifest`, `uploads` (where they begin), `upload`, `tags`, `referrers`, `catalog`, `base`. */
  readonly endpoint?: Route["kind"] | undefined;
  readonly repository?: string | undefined;
  /** Manifests by tag, or by digest. */
  readonly by?: "tag" | "digest" | undefined;
  /** A tag or digest. */
  readonly reference?: string | undefined;
  /** A parameter of the query that must be there. */
  readonly parameter?: string | undefined;
}

/** What goes wrong. */
export type FaultEffect =
  /** The registry is not asked: this is the answer. A text is sent as it is. */
  | {
      readonly kind: "answer";
      readonly status: number;
      readonly headers?: Readonly<Record<string, string>> | undefined;
      readonly body?: string | undefined;
    }
  /** Sends so many bytes of the answer's body and breaks the connection. */
  | { readonly kind: "drop"; readonly after: number }
  /** Breaks the connection when so many bytes of the request's body have arrived. The registry keeps them. */
  | { readonly kind: "drop-upload"; readonly after: number }
  /** Answers with the whole instead of the range that was asked for. */
  | { readonly kind: "ignore-range" }
  /** Answers with a range that begins so many bytes later, and says so, or claims to be what was asked for. */
  | { readonly kind: "shift-range"; readonly by: number; readonly claims: "asked" | "sent" }
  /** Says of an upload that so many bytes more (or less) have arrived. */
  | { readonly kind: "shift-progress"; readonly by: number }
  /** Names another digest in Docker-Content-Digest. */
  | { readonly kind: "wrong-digest" }
  /** Changes the byte at this position of the answer's body. */
  | { readonly kind: "wrong-byte"; readonly at: number }
  /** Sends the answer's body at this rate. */
  | { readonly kind: "slow"; readonly bytesPerSecond: number }
  /** Accepts the request and never answers. */
  | { readonly kind: "silent" }
  /** Breaks the connection in place of an answer. */
  | { readonly kind: "reset" }
  /** Refuses a body of more bytes. */
  | { readonly kind: "largest-body"; readonly bytes: number; readonly status: number }
  /** Does not look at these parameters of the query. */
  | { readonly kind: "ignore-parameters"; readonly names: readonly string[] }
  /** Gives Location and Link as whole URLs. */
  | { readonly kind: "absolute-addresses" };

/** One thing that goes wrong, as data. */
export interface Fault {
  readonly on: FaultTarget;
  /** How many matching requests pass before. Default: none. */
  readonly skip?: number | undefined;
  /** How many are hit then. Default: all. */
  readonly times?: number | undefined;
  readonly does: FaultEffect;
}

/** Answers 429 with Retry-After (seconds, a date or a Unix time), a number of times. */
export function rateLimit(times: number, retryAfter: string): Fault {
  const body = '{"errors":[{"code":"TOOMANYREQUESTS","message":"slow down"}]}';
  const headers = { "retry-after": retryAfter, "content-type": "application/json" };
  return { on: {}, times, does: { kind: "answer", status: 429, headers, body } };
}
