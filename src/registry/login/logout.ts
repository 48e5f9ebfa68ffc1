// SPDX-License-Identifier: MIT
import { isOciError } from "../../oci/errors.ts";
import { withLimits, type Limits } from "../../oci/limits.ts";
import {
  helperFor,
  readCredentialFile,
  type CredentialFile,
} from "../credentials/credential-file.ts";
import {
  eraseFromHelper,
  getFromHelper,
  isMissingHelper,
  type CredentialHelper,
} from "../credentials/credential-helper.ts";
import {
  credentialPlaces,
  type CredentialPlace,
  type Environment,
} from "../credentials/credential-places.ts";
import {
  formatKey,
  isSameHost,
  isSameKey,
  parseKey,
  type RegistryKey,
} from "../credentials/registry-key.ts";
import { editCredentialFile } from "./edit-credential-file.ts";
import type { CredentialStorage } from "./login.ts";
import { parseLoginPlace } from "./login-place.ts";

/** The result of {@link logout}. */
export interface LoggedOut {
  readonly registry: string;
  readonly path?: string | undefined;
  /** Every file and helper that had credentials for this place. Empty when none had. */
  readonly erased: readonly CredentialStorage[];
  /** Entries of the same registry that stay, because they are for other paths or in a variable. */
  readonly remaining: readonly { readonly file: string; readonly key: string }[];
}

/** Options of {@link logout}. */
export interface LogoutOptions {
  /** Where the configuration files are, and the helpers (`PATH`). Default: `process.env`. */
  readonly environment?: Environment | undefined;
  readonly limits?: Partial<Limits> | undefined;
}

/**
 * Erases the credentials of a registry, or of a namespace or repository in it, from every configuration file and
 * credential helper in which they are looked for. It is no error when there are none.
 * @throws OciError `invalid-reference`; `unreadable`, `unwritable` for a file or a helper that fails: what comes before
 * it is erased then
 */
export async function logout(
  place: string,
  { environment = process.env, limits: given }: LogoutOptions = {},
): Promise<LoggedOut> {
  const where = parseLoginPlace(place);
  const limits = withLimits(given);
  const erased: CredentialStorage[] = [];
  const remaining: { file: string; key: string }[] = [];
  for (const one of credentialPlaces(environment)) {
    const file = await readCredentialFile(one, limits);
    if (file === undefined) continue;
    if (one.text === undefined) {
      erased.push(...(await eraseFrom(file, one, where, { environment, limits })));
    }
    for (const key of file.auths.keys()) {
      const parsed = parseKey(key);
      const stays = one.text !== undefined || !isSameKey(parsed, where);
      if (stays && isSameHost(parsed, where)) remaining.push({ file: one.name, key });
    }
  }
  const { host: registry, path } = where;
  return { registry, ...(path !== "" && { path }), erased, remaining };
}

async function eraseFrom(
  file: CredentialFile,
  place: CredentialPlace,
  where: RegistryKey,
  surroundings: Pick<CredentialHelper, "environment" | "limits">,
): Promise<CredentialStorage[]> {
  const spelled = [...file.auths.keys()].filter((key) => isSameKey(parseKey(key), where));
  const helpers = new Set<string>();
  for (const key of new Set([...spelled, formatKey(where)])) {
    const kept = helperFor(file, key);
    if (kept === undefined) continue;
    const namedBy = `${kept.from} of ${place.name}`;
    const helper = { name: kept.helper, namedBy, ...surroundings };
    if (await eraseWith(helper, key, isEmptyEntry(file, key))) helpers.add(kept.helper);
  }
  const hasEntry = spelled.length > 0;
  if (hasEntry) {
    await editCredentialFile(place, (entries) => {
      const keys = [...entries.keys()].filter((key) => isSameKey(parseKey(key), where));
      for (const key of keys) entries.delete(key);
      return keys.length > 0;
    });
  }
  if (helpers.size > 0) {
    return [...helpers].map((name) => ({
      file: place.name,
      helper: `docker-credential-${name}`,
    }));
  }
  return hasEntry ? [{ file: place.name }] : [];
}

/** Whether a file has an entry for a key that has nothing in it: a helper has it then. */
function isEmptyEntry({ auths }: CredentialFile, key: string): boolean {
  const entry = auths.get(key);
  return typeof entry === "object" && entry !== null && Object.keys(entry).length === 0;
}

/**
 * Asks first, because a helper does not say whether it had what it was told to erase.
 * @param isKept whether the helper must have it
 */
async function eraseWith(
  helper: CredentialHelper,
  address: string,
  isKept: boolean,
): Promise<boolean> {
  try {
    if ((await getFromHelper(helper, address)) === undefined) return false;
  } catch (error) {
    // A store that is not on this machine, and that need not have anything, has nothing to erase.
    if (!isKept && isMissingHelper(error)) return false;
    if (!isOciError(error, "unreadable") || isMissingHelper(error)) throw error;
  }
  await eraseFromHelper(helper, address);
  return true;
}
