// SPDX-License-Identifier: MIT

/**
 * Every kind of failure that the library reports on purpose. A code never names the place.
 *
 * Bad evidence (`digest-mismatch`, `invalid-…`) and unwanted evidence (`wrong-architecture`, `gate-refused`)
 * are different codes: the first could not be trusted; the second was trusted, and the answer is no.
 * `not-found` means that the other side answered that it has no such thing. Where it could not be asked or
 * read, the code is `unreachable` or `unreadable`, never `not-found`.
 */
export type ErrorCode =
  // asked wrongly
  | "invalid-argument"
  | "invalid-digest"
  | "invalid-reference"
  | "invalid-platform"
  | "invalid-recipe"
  // bad evidence
  | "invalid-json"
  | "invalid-descriptor"
  | "invalid-manifest"
  | "invalid-index"
  | "invalid-config"
  | "invalid-layout"
  | "invalid-archive"
  | "invalid-layer"
  | "invalid-compression"
  | "invalid-elf"
  | "invalid-sidecar"
  | "digest-mismatch"
  | "size-mismatch"
  | "diff-id-mismatch"
  | "truncated"
  | "limit-exceeded"
  | "path-escape"
  | "link-loop"
  // not possible with this version or on this machine
  | "unsupported-algorithm"
  | "unsupported-media-type"
  | "unsupported-compression"
  | "unsupported-operation"
  // the state of the world
  | "not-found"
  | "ambiguous"
  | "already-exists"
  | "unreadable"
  | "unwritable"
  | "locked"
  | "changed-meanwhile"
  | "missing-input"
  | "nothing-to-check"
  | "build-failed"
  | "aborted"
  // registries
  | "unauthorized"
  | "unreachable"
  | "registry-refused"
  | "redirect-refused"
  | "insecure-transport"
  // unwanted evidence
  | "wrong-architecture"
  | "gate-refused";

/** What {@link OciError} takes besides its code and message. */
export interface OciErrorOptions {
  /** Facts for programs: expected, got, path, descriptor… Never a secret. */
  readonly details?: Readonly<Record<string, unknown>>;
  /** One sentence that says what to try. */
  readonly hint?: string;
  readonly cause?: unknown;
}

/**
 * The one error class of the library. The message says what, expected, got and where; {@link hint}
 * says what to try. A subclass exists only where a family of failures has fields of its own.
 */
export class OciError extends Error {
  override readonly name: string = "OciError";
  readonly code: ErrorCode;
  readonly details: Readonly<Record<string, unknown>>;
  readonly hint: string | undefined;

  constructor(code: ErrorCode, message: string, options: OciErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.details = options.details ?? {};
    this.hint = options.hint;
  }
}

/** Whether `error` is an {@link OciError}, and has one of `codes` if any are given. */
export function isOciError(error: unknown, ...codes: readonly ErrorCode[]): error is OciError {
  return error instanceof OciError && (codes.length === 0 || codes.includes(error.code));
}
