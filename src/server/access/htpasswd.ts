// SPDX-License-Identifier: MIT
import { OciError } from "../../oci/errors.ts";
import { quote } from "../../oci/quote.ts";
import { ANONYMOUS } from "./access-rules.ts";

/** The bcrypt hash of each user's password. */
export type PasswordHashes = ReadonlyMap<string, string>;

const BCRYPT = /^\$2[abxy]\$(\d\d)\$[./A-Za-z0-9]{53}$/;
/** Each step doubles the time of a check. 14 takes a second. */
const HIGHEST_COST = 14;
const LOWEST_COST = 4;

/** The forms of hash that htpasswd files may have besides bcrypt, by their beginning. */
const OTHER_KINDS: readonly (readonly [RegExp, string])[] = [
  [/^\$apr1\$/, "MD5 (apr1)"],
  [/^\$1\$/, "MD5 (crypt)"],
  [/^\$5\$/, "SHA-256 (crypt)"],
  [/^\$6\$/, "SHA-512 (crypt)"],
  [/^\{SHA\}/i, "SHA-1"],
  [/^\{SSHA\}/i, "salted SHA-1"],
  [/^\$argon2/, "Argon2"],
  [/^\$(?:y|7|gy)\$/, "yescrypt or scrypt"],
  [/^\$2/, "a bcrypt hash that is cut short or has another form"],
  [/^[./A-Za-z0-9]{13}$/, "DES (crypt)"],
];

/**
 * Parses an htpasswd file with bcrypt hashes. Empty lines and lines that begin with `#` are skipped.
 * @param name the file's, for messages
 * @throws OciError `invalid-argument` naming the line and, never the hash itself, the kind that it has
 */
export function parseHtpasswd(bytes: Uint8Array, name: string): PasswordHashes {
  const users = new Map<string, string>();
  const lines = new TextDecoder().decode(bytes).split("\n");
  lines.forEach((line, index) => {
    const text = line.trim();
    if (text === "" || text.startsWith("#")) return;
    const refuse = (reason: string): OciError =>
      new OciError("invalid-argument", `${name}:${index + 1}: ${reason}`, {
        hint: `Write it by: htpasswd -B ${name} USER`,
      });
    const colon = text.indexOf(":");
    if (colon < 1) throw refuse("expected USER:HASH, got a line without a colon or a name");
    const user = text.slice(0, colon);
    const hash = text.slice(colon + 1);
    const wrong = complaint(user, hash) ?? (users.has(user) ? "is there twice" : undefined);
    if (wrong !== undefined) throw refuse(`user ${quote(user)} ${wrong}`);
    users.set(user, hash);
  });
  return users;
}

function complaint(user: string, hash: string): string | undefined {
  if (user === ANONYMOUS || user === "*") return "has a name that rules use for others";
  const cost = Number(BCRYPT.exec(hash)?.[1]);
  if (cost >= LOWEST_COST && cost <= HIGHEST_COST) return undefined;
  if (!Number.isNaN(cost)) {
    return `has a bcrypt cost of ${cost}, expected ${LOWEST_COST} to ${HIGHEST_COST}: a check would take ${cost > HIGHEST_COST ? "too long" : "no time"}`;
  }
  const kind = OTHER_KINDS.find(([pattern]) => pattern.test(hash))?.[1];
  return `has no bcrypt hash but ${kind ?? "something unknown, or the password itself"}`;
}
