// SPDX-License-Identifier: MIT
import { OciError } from "../../oci/errors.ts";
import type { Credentials } from "../registry-options.ts";
import { isSendableToken } from "../wire/token.ts";
import { field } from "./credential-file.ts";

/**
 * The credentials in an entry of `auths`. Undefined for an entry that has none, as docker leaves where a helper keeps
 * them.
 * @param where the file and the key, for messages
 * @throws OciError `invalid-config`; no message shows what is in the entry
 */
export function parseEntry(entry: unknown, where: string): Credentials | undefined {
  if (entry === undefined || entry === null) return undefined;
  if (typeof entry !== "object") throw malformed(where, "an object");
  const user = parseUser(entry, where);
  const identityToken = readToken(entry, "identitytoken", where);
  const registryToken = readToken(entry, "registrytoken", where);
  if (user === undefined && identityToken === undefined && registryToken === undefined) {
    return undefined;
  }
  return {
    ...(user ?? { username: "", password: "" }),
    ...(identityToken !== undefined && { identityToken }),
    ...(registryToken !== undefined && { registryToken }),
  };
}

interface User {
  readonly username: string;
  readonly password: string;
}

/** What `auth` says counts before `username` and `password`, as for docker. */
function parseUser(entry: object, where: string): User | undefined {
  const auth = field(entry, "auth");
  if (typeof auth === "string" && auth !== "") return decodeAuth(auth, where);
  const [username, password] = [field(entry, "username"), field(entry, "password")];
  if (typeof username !== "string" || username === "") return undefined;
  return { username, password: typeof password === "string" ? password : "" };
}

function decodeAuth(auth: string, where: string): User {
  let text: string;
  try {
    const bytes = Buffer.from(auth, "base64");
    text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw malformed(where, '"auth" to be base64 of user:password in UTF-8');
  }
  const colon = text.indexOf(":");
  if (colon < 1) throw malformed(where, '"auth" to be base64 of user:password');
  // Some versions of docker pad the secret with NULs.
  return { username: text.slice(0, colon), password: text.slice(colon + 1).replace(/\0+$/, "") };
}

function readToken(entry: object, name: string, where: string): string | undefined {
  const token = field(entry, name);
  if (token === undefined || token === null || token === "") return undefined;
  if (typeof token === "string" && isSendableToken(token)) return token;
  throw malformed(where, `"${name}" to be a token`);
}

function malformed(where: string, expected: string): OciError {
  return new OciError("invalid-config", `${where}: expected ${expected}, got something else`, {
    hint: "Log in again: oci-kit login writes it.",
  });
}
