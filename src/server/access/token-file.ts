// SPDX-License-Identifier: MIT
import { randomBytes } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { basename, dirname, resolve } from "node:path";
import { withLock } from "../../files/lock.ts";
import { replaceDurably } from "../../files/replace-durably.ts";
import { fileError } from "../../files/system-error.ts";
import { OciError } from "../../oci/errors.ts";
import { formatJson, parseJson } from "../../oci/json.ts";

/** What a registry knows of the tokens that were issued for it: the key that signs them, and which were revoked. */
export interface TokenFile {
  /** Signs and checks tokens. Whoever has it can make tokens. */
  readonly key: Uint8Array;
  readonly revoked: readonly RevokedToken[];
}

export interface RevokedToken {
  readonly id: string;
  /** Seconds since 1970: when the token would have ended anyhow, and can be forgotten. */
  readonly until: number;
}

const KEY_BYTES = 32;
const STEM = ".oci-kit.tokens";

/** Where the tokens of a served directory are kept: beside it, so that a copy of the layout has no key. */
export function tokenFileOf(directory: string): string {
  return `${resolve(directory)}.tokens.json`;
}

/** A new key, with which every token made before has ended. */
export function newTokenFile(): TokenFile {
  return { key: randomBytes(KEY_BYTES), revoked: [] };
}

/** @throws OciError `invalid-argument` */
export function parseTokenFile(bytes: Uint8Array, name: string): TokenFile {
  const value = parseJson(bytes, { what: name }) as Partial<Record<string, unknown>> | null;
  const key = Buffer.from(typeof value?.["key"] === "string" ? value["key"] : "", "base64");
  const revoked = value?.["revoked"];
  if (key.length !== KEY_BYTES || !Array.isArray(revoked) || !revoked.every(isRevoked)) {
    throw new OciError("invalid-argument", `${name}: expected a file of tokens with their key`, {
      hint: "oci-kit token --revoke-all DIR makes a new one; every token made before ends.",
    });
  }
  return { key, revoked };
}

function isRevoked(value: unknown): value is RevokedToken {
  const { id, until } = (value ?? {}) as Partial<Record<string, unknown>>;
  return typeof id === "string" && typeof until === "number";
}

/**
 * Changes the file of tokens, which only its owner can read. Edits of several processes wait for each other.
 * @param edit gets a function that reads the file (undefined when there is none), and returns what it becomes
 * @throws OciError `unreadable`, `unwritable`, `invalid-argument`
 */
export async function editTokenFile(
  path: string,
  edit: (read: () => TokenFile | undefined) => TokenFile,
): Promise<TokenFile> {
  const directory = dirname(path);
  return withLock(path, () => {
    let before: TokenFile | undefined;
    const after = edit(() => {
      before = existsSync(path) ? parseTokenFile(readBytes(path), path) : undefined;
      return before;
    });
    if (after !== before) {
      const document = { key: Buffer.from(after.key).toString("base64"), revoked: after.revoked };
      replaceDurably(directory, basename(path), formatJson(document), { stem: STEM, mode: 0o600 });
    }
    return after;
  });
}

function readBytes(path: string): Uint8Array {
  try {
    return readFileSync(path);
  } catch (error) {
    throw fileError("unreadable", path, error);
  }
}
