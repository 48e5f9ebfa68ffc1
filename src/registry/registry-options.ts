// SPDX-License-Identifier: MIT
import type { Limits } from "../oci/limits.ts";

/** What a registry or its token endpoint is shown to let us in. None of it but the user name is ever in a message. */
export interface Credentials {
  /** Empty where only a token is known. */
  readonly username: string;
  /** Empty where only a token is known. */
  readonly password: string;
  /** A refresh token (docker's `identitytoken`): the token endpoint gives access tokens for it. */
  readonly identityToken?: string | undefined;
  /** A bearer token that the registry takes as it is (docker's `registrytoken`). */
  readonly registryToken?: string | undefined;
}

/** Finds the credentials of a repository; undefined means anonymous access. */
export type FindCredentials = (
  registry: string,
  repository: string,
) => Promise<Credentials | undefined>;

/** How requests are retried after a transient failure. */
export interface RetryPolicy {
  /** The total number of attempts, the first included. */
  readonly attempts: number;
  /** Milliseconds before the second attempt. Doubled for each further attempt, with jitter. */
  readonly delay: number;
  /**
   * The longest wait between two attempts, in milliseconds. When a registry asks for a longer one
   * (Retry-After), the request fails instead and the error says so.
   */
  readonly longestDelay: number;
  /** Whether to retry when a manifest is not found: some registries answer 404 for seconds after a push. */
  readonly notFound: boolean;
}

/** The defaults: about eight seconds of waiting in all. */
export const DEFAULT_RETRY_POLICY: RetryPolicy = Object.freeze({
  attempts: 5,
  delay: 500,
  longestDelay: 60_000,
  notFound: false,
});

/** What {@link openTransport} takes. */
export interface TransportOptions {
  /**
   * Fixed credentials, or a function that finds them. Default: the configuration files of docker and of the
   * containers tools, and the credential helpers that they name.
   */
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
