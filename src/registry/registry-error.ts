// SPDX-License-Identifier: MIT
import { OciError } from "../oci/errors.ts";
import type { ErrorCode, OciErrorOptions } from "../oci/errors.ts";
import type { WireError } from "./wire/error-body.ts";

/** What a {@link RegistryError} has besides its code and message. */
export interface RegistryErrorOptions extends OciErrorOptions {
  readonly method: string;
  /** Already redacted: see `redactUrl`. */
  readonly url: string;
  readonly status?: number | undefined;
  readonly registryErrors?: readonly WireError[] | undefined;
  readonly transient?: boolean | undefined;
  readonly retryAfter?: number | undefined;
  readonly readsOnly?: boolean | undefined;
}

/**
 * A failed request to a registry. Codes: `unreachable` (no answer came), `unauthorized` (401, 403),
 * `not-found` (404), `registry-refused` (any other status), `redirect-refused`, and those for a registry that
 * contradicts itself, such as `digest-mismatch`. No field ever holds a secret.
 */
export class RegistryError extends OciError {
  override readonly name: string = "RegistryError";
  readonly method: string;
  /** Without user information, and with the values of unknown query parameters left out. */
  readonly url: string;
  /** The HTTP status; undefined when no answer came. */
  readonly status: number | undefined;
  /** The registry's own error entries, at most ten, escaped. */
  readonly registryErrors: readonly WireError[];
  /** Whether the same request may succeed later: too many requests, a lost connection, a server in trouble. */
  readonly transient: boolean;
  /** How many milliseconds the registry asked us to wait. */
  readonly retryAfter: number | undefined;
  /** Whether the registry says that nothing can be changed there: its `Allow` names no method that would. */
  readonly readsOnly: boolean;

  constructor(code: ErrorCode, message: string, options: RegistryErrorOptions) {
    super(code, message, options);
    this.method = options.method;
    this.url = options.url;
    this.status = options.status;
    this.registryErrors = options.registryErrors ?? [];
    this.transient = options.transient ?? false;
    this.retryAfter = options.retryAfter;
    this.readsOnly = options.readsOnly ?? false;
  }
}
