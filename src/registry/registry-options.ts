// SPDX-License-Identifier: MIT
import type { LookupAddress } from "node:dns";
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

/** A certificate that this machine shows to a registry, with its key. Both are PEM. */
export interface ClientCertificate {
  readonly certificate: string;
  readonly key: string;
}

/** Whom to trust, and what to show, when TLS is spoken with a host. */
export interface TlsOptions {
  /** Authorities that are trusted besides those that Node comes with. PEM, any number in each text. */
  readonly authorities?: readonly string[] | undefined;
  /**
   * Further authorities, read only when a certificate is from none of the known ones: reading those of a
   * whole system takes 20 ms.
   */
  readonly moreAuthorities?: (() => readonly string[]) | undefined;
  /** Shown when the registry itself asks, never to a place that it sends us to. */
  readonly clientCertificates?: readonly ClientCertificate[] | undefined;
  /** Accepts every certificate, so that anyone on the way can read and change everything. */
  readonly anyCertificate?: boolean | undefined;
}

/** Finds how TLS is spoken with a host, which has its port unless that is the default: `registry.example:5000`. */
export type FindTls = (host: string) => TlsOptions;

/** The proxy for requests to a URL, `http:` or `https:`, with user and password where it needs them. */
export type FindProxy = (target: URL) => URL | undefined;

/** Resolves a host name, as `dns.lookup` of Node does. */
export type Resolve = (
  hostname: string,
  options: object,
  done: (
    error: Error | null,
    addresses: string | readonly LookupAddress[] | undefined,
    family?: number,
  ) => void,
) => void;

/**
 * The protocol that a registry speaks. `either`: https if something speaks TLS there, otherwise http. That is
 * found out before the first request, and remembered.
 */
export type Scheme = "http" | "https" | "either";

/** What {@link openTransport} takes. */
export interface TransportOptions {
  /**
   * Fixed credentials, or a function that finds them. Default: the configuration files of docker and of the
   * containers tools, and the credential helpers that they name.
   */
  readonly credentials?: Credentials | FindCredentials | undefined;
  /**
   * Default: `either` for a loopback host (`localhost`, `127.0.0.0/8`, `[::1]`) and `https` for every other.
   */
  readonly scheme?: Scheme | undefined;
  /** The same for every host, or a function. Default: this machine's settings, see `readMachineSettings`. */
  readonly tls?: TlsOptions | FindTls | undefined;
  /** `false` for none. Default: this machine's settings, see `readMachineSettings`. */
  readonly proxy?: FindProxy | false | undefined;
  /** How host names become addresses. Default: the system's resolver. */
  readonly resolve?: Resolve | undefined;
  readonly userAgent?: string | undefined;
  readonly limits?: Partial<Limits> | undefined;
  readonly retry?: Partial<RetryPolicy> | undefined;
}
