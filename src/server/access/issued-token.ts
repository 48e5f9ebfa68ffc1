// SPDX-License-Identifier: MIT
import { randomBytes } from "node:crypto";
import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { OciError } from "../../oci/errors.ts";
import { quote } from "../../oci/quote.ts";
import { parseActions, parsePattern, type Grant } from "./permission.ts";
import { readSigned, signValue } from "./signed-text.ts";
import { editTokenFile, newTokenFile, tokenFileOf, type TokenFile } from "./token-file.ts";

/** What a token says. */
export interface TokenClaims {
  /** By which it is revoked, and shown in logs. */
  readonly id: string;
  /** All that its bearer may do. */
  readonly grants: readonly Grant[];
  /** Seconds since 1970, when it ends. */
  readonly until: number;
}

/** Options of {@link issueToken}. */
export interface IssueTokenOptions {
  /** The directory that the registry serves. */
  readonly directory: string;
  /** All that the token allows, and nothing else. */
  readonly grants: readonly Grant[];
  /** Seconds from now. Default: one hour. */
  readonly life?: number | undefined;
  /** Where the key of the tokens is, when not beside the directory. */
  readonly tokens?: string | undefined;
}

/** A token for a registry, and what it says. */
export interface IssuedToken extends TokenClaims {
  /** The secret: the password of any user name, or a bearer token. */
  readonly token: string;
}

/** By which issued tokens are told from passwords, also by programs that look for leaked secrets. */
export const ISSUED = "okt_";
const HOUR = 3_600;

/**
 * Makes a token that a registry serving this directory accepts (with access rules or users) until it ends or
 * is revoked: for one build, to push to its own repository and its cache and nowhere else. Makes the key where
 * there is none yet. The registry may be running.
 * @throws OciError `invalid-argument`; `not-found` for the directory; `unreadable`, `unwritable` for the key's file
 */
export async function issueToken(options: IssueTokenOptions): Promise<IssuedToken> {
  const { grants, life = HOUR } = options;
  if (grants.length === 0) {
    throw new OciError("invalid-argument", "expected what the token allows, got nothing");
  }
  for (const { repository, actions } of grants) {
    parsePattern(repository);
    parseActions(actions);
  }
  const { key } = await editTokenFile(placeOf(options), (read) => read() ?? newTokenFile());
  const id = randomBytes(6).toString("hex");
  const claims = { id, grants, until: Math.floor(Date.now() / 1000) + life };
  return { ...claims, token: signValue(ISSUED, claims, key) };
}

/** Which tokens {@link revokeTokens} ends. */
export interface RevokeTokensOptions extends Pick<IssueTokenOptions, "directory" | "tokens"> {
  /** The token or its id. Without it, all tokens end: they get a new key. */
  readonly token?: string | undefined;
}

/** The longest that a token's id is remembered when its end is unknown, in seconds: ten years. */
const LONGEST_LIFE = 10 * 365 * 24 * HOUR;
const ID = /^[0-9a-f]{12}$/;

/**
 * Ends tokens before their time: a running registry refuses them from its next request on. Idempotent.
 * @throws OciError `invalid-argument` for what is no token of this registry; `unreadable`, `unwritable`
 */
export async function revokeTokens(options: RevokeTokensOptions): Promise<void> {
  const { token } = options;
  await editTokenFile(placeOf(options), (read) => {
    if (token === undefined) return newTokenFile();
    const file = read() ?? newTokenFile();
    const now = Date.now() / 1000;
    const claims = readClaims(token, file);
    const id = claims?.id ?? token;
    if (!ID.test(id)) {
      const message = "expected a token of this registry, or its id (12 hex digits)";
      throw new OciError("invalid-argument", `${message}, got something else`);
    }
    const kept = file.revoked.filter((other) => other.id !== id && other.until > now);
    const until = claims?.until ?? Math.ceil(now + LONGEST_LIFE);
    return { key: file.key, revoked: [...kept, { id, until }] };
  });
}

/** @throws OciError `not-found` for a directory that is not there: a mistyped name would get a key for nothing */
function placeOf({ directory, tokens }: Pick<IssueTokenOptions, "directory" | "tokens">): string {
  if (tokens !== undefined) return resolve(tokens);
  if (existsSync(directory)) return tokenFileOf(directory);
  throw new OciError(
    "not-found",
    `${quote(directory)}: expected the directory that a registry serves, got nothing`,
    { hint: "Name it, or begin with: oci-kit serve DIR. A key kept elsewhere: --tokens FILE." },
  );
}

/** What a token says, if this key signed it. Whether it has ended or was revoked is not asked here. */
export function readClaims(text: string, { key }: TokenFile): TokenClaims | undefined {
  return readSigned(ISSUED, text, key) as TokenClaims | undefined;
}

/** Whether a token counts now. */
export function isCurrent({ id, until }: TokenClaims, { revoked }: TokenFile): boolean {
  return Date.now() / 1000 < until && !revoked.some((other) => other.id === id);
}
