// SPDX-License-Identifier: MIT
import type { Limits } from "../oci/limits.ts";

/** A user name and its secret, for basic authentication or for a token endpoint. */
export interface Credentials {
  readonly username: string;
  readonly password: string;
}

/** Finds the credentials of a repository; undefined means that it is asked anonymously. */
export type FindCredentials = (
  registry: string,
  repository: string,
) => Promise<Credentials | undefined>;

/** How requests that failed in passing are repeated. */
export interface RetryPolicy {
  /** Attempts in all, the first one included. */
  readonly attempts: number;
  /** Milliseconds before the second attempt; doubled for each further one, with jitter. */
  readonly delay: number;
  /**
   * The longest wait between two attempts, in milliseconds. A registry that asks for more
   * (Retry-After) is not waited for: the request fails and says so.
   */
  readonly longestDelay: number;
  /**
   * Whether a manifest that is not found is asked for again: some registries answer 404 for seconds
   * after a push.
   */
  readonly notFound: boolean;
}

/** The defaults: about eight seconds of patience in all. */
export const DEFAULT_RETRY_POLICY: RetryPolicy = Object.freeze({
  attempts: 5,
  delay: 500,
  longestDelay: 60_000,
  notFound: false,
});

/** What {@link openTransport} takes. */
export interface TransportOptions {
  /** Fixed credentials, or how to find them. Default: the docker and containers configuration files. */
  readonly credentials?: Credentials | FindCredentials | undefined;
  /**
   * `true`: http instead of https. `false`: https always. Default: http for a loopback host
   * (`localhost`, `127.0.0.0/8`, `[::1]`) and https for every other.
   */
  readonly plainHttp?: boolean | undefined;
  readonly userAgent?: string | undefined;
  readonly limits?: Partial<Limits> | undefined;
  readonly retry?: Partial<RetryPolicy> | undefined;
}
