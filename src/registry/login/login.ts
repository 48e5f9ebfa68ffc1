// SPDX-License-Identifier: MIT
import { withLimits } from "../../oci/limits.ts";
import { OciError } from "../../oci/errors.ts";
import type { AbortOptions } from "../../bytes/bytes.ts";
import { helperFor, NO_CREDENTIALS, readCredentialFile } from "../credentials/credential-file.ts";
import { storeInHelper, TOKEN_USER } from "../credentials/credential-helper.ts";
import { primaryFile, type Environment } from "../credentials/credential-places.ts";
import { accountOf } from "../auth/credential-source.ts";
import { createLookUp } from "../credentials/look-up.ts";
import { formatKey, isSameKey, parseKey, type RegistryKey } from "../credentials/registry-key.ts";
import type { Credentials, TransportOptions } from "../registry-options.ts";
import { placeByRules } from "../mirrors/open-by-rules.ts";
import { isSendableToken } from "../wire/token.ts";
import { checkCredentials } from "./check-credentials.ts";
import { editCredentialFile } from "./edit-credential-file.ts";
import { parseLoginPlace } from "./login-place.ts";

/** What {@link login} and {@link logout} take besides what they are for. */
export interface LoginOptions extends Omit<TransportOptions, "credentials">, AbortOptions {
  /** Where the configuration files are, and the helpers (`PATH`). Default: `process.env`. */
  readonly environment?: Environment | undefined;
}

/** Where credentials are kept. */
export interface CredentialStorage {
  /** The configuration file. */
  readonly file: string;
  /** The program that keeps the secret, where the file names one: `docker-credential-pass`. */
  readonly helper?: string | undefined;
}

/** The result of {@link login}. */
export interface LoggedIn extends CredentialStorage {
  readonly registry: string;
  /** The namespace or repository, when the credentials are for no more. */
  readonly path?: string | undefined;
  readonly username: string;
  /** Whether the registry asked for the credentials and took them. False when it asked for none. */
  readonly checked: boolean;
  /** Where other credentials come from that are used instead of these: a variable that goes before the file. */
  readonly usedInstead?: string | undefined;
}

/**
 * Checks credentials at a registry and keeps them where docker and the containers tools find them too: with the
 * credential helper that the configuration file names for this registry, else in the file. The file is the one that
 * `REGISTRY_AUTH_FILE` names, else docker's `config.json`. Nothing else in the file changes, and nothing changes when
 * the registry refuses.
 * @param place `host[:port]`, or `host/path` for credentials of one namespace or repository
 * @param user the password; for the user name `<token>`, an identity token
 * @throws OciError `invalid-reference`, `invalid-argument`, `registry-refused` for one that the machine's rules
 * block; RegistryError `unauthorized`, `unreachable`; `unwritable`
 * when they can't be kept. No message has the password.
 */
export async function login(
  place: string,
  user: { readonly username: string; readonly password: string },
  { environment = process.env, signal, ...options }: LoginOptions = {},
): Promise<LoggedIn> {
  const where = parseLoginPlace(place);
  const credentials = checkUser(user);
  const reach = await placeByRules({ registry: where.host }, options);
  const checked = await checkCredentials(where, credentials, { ...reach.options, signal });
  const stored = await store(where, credentials, environment, withLimits(options.limits));
  const { host: registry, path } = where;
  return {
    registry,
    ...(path !== "" && { path }),
    username: user.username,
    checked,
    ...stored,
    ...(await findOthers(where, credentials, environment)),
  };
}

function checkUser({
  username,
  password,
}: {
  readonly username: string;
  readonly password: string;
}): Credentials {
  if (username === "" || /[:\u0000-\u001f\u007f]/.test(username)) {
    throw new OciError(
      "invalid-argument",
      "user name: expected one without colons and control characters",
    );
  }
  if (password === "")
    throw new OciError("invalid-argument", "password: expected one, got an empty one");
  if (username !== TOKEN_USER) return { username, password };
  if (isSendableToken(password)) return { username: "", password: "", identityToken: password };
  throw new OciError("invalid-argument", "identity token: expected one line without spaces");
}

async function store(
  where: RegistryKey,
  credentials: Credentials,
  environment: Environment,
  limits: ReturnType<typeof withLimits>,
): Promise<CredentialStorage> {
  const file = primaryFile(environment);
  const place = { name: file };
  const key = formatKey(where);
  const known = (await readCredentialFile(place, limits)) ?? NO_CREDENTIALS;
  const kept = helperFor(known, key);
  if (kept !== undefined) {
    const namedBy = `${kept.from} of ${file}`;
    await storeInHelper({ name: kept.helper, namedBy, environment, limits }, key, credentials);
  }
  const secrets = kept === undefined ? formatEntry(credentials) : {};
  await editCredentialFile(place, (entries) => {
    const before = entries.get(key);
    // The same place under another spelling would go on giving the old credentials to other programs.
    for (const other of [...entries.keys()]) {
      if (other !== key && isSameKey(parseKey(other), where)) entries.delete(other);
    }
    entries.set(key, { ...withoutSecrets(before), ...secrets });
    return true;
  });
  return { file, ...(kept !== undefined && { helper: `docker-credential-${kept.helper}` }) };
}

function formatEntry({ username, password, identityToken }: Credentials): object {
  const auth = (text: string): string => Buffer.from(text, "utf8").toString("base64");
  // Docker and the containers tools want a user name beside an identity token.
  return identityToken === undefined
    ? { auth: auth(`${username}:${password}`) }
    : { auth: auth(`${TOKEN_USER}:`), identitytoken: identityToken };
}

const SECRET_FIELDS = new Set(["auth", "username", "password", "identitytoken", "registrytoken"]);

function withoutSecrets(entry: unknown): object {
  if (typeof entry !== "object" || entry === null || Array.isArray(entry)) return {};
  return Object.fromEntries(
    Object.entries(entry).filter(([name]) => !SECRET_FIELDS.has(name.toLowerCase())),
  );
}

/** Only a variable goes before the file that was written. */
async function findOthers(
  { host, path }: RegistryKey,
  credentials: Credentials,
  environment: Environment,
): Promise<{ readonly usedInstead?: string | undefined }> {
  if (!environment["DOCKER_AUTH_CONFIG"]) return {};
  const found = await createLookUp({ environment })(host, path);
  return accountOf(found.credentials) === accountOf(credentials)
    ? {}
    : { usedInstead: found.source };
}
