// SPDX-License-Identifier: MIT
import { withLimits, type Limits } from "../../oci/limits.ts";
import type { Credentials } from "../registry-options.ts";
import { helperFor, readCredentialFile, type CredentialFile } from "./credential-file.ts";
import { getFromHelper, isMissingHelper } from "./credential-helper.ts";
import { credentialPlaces, type CredentialPlace, type Environment } from "./credential-places.ts";
import { parseEntry } from "./parse-entry.ts";
import { NO_FILE, type Looked, type LookUp } from "./found.ts";
import { applicableKeys, formatKey } from "./registry-key.ts";

/** Options of {@link createLookUp}. */
export interface LookUpOptions {
  readonly environment?: Environment | undefined;
  readonly limits?: Partial<Limits> | undefined;
}

/** What a key of one file leads to. */
interface Kept {
  readonly credentials: Credentials | undefined;
  readonly found: string;
}

/** Asks where a key's credentials are kept. */
type Ask = (file: CredentialFile, place: CredentialPlace, key: string) => Promise<Kept>;

/**
 * Creates a look-up through the configuration files of docker and of the containers tools, and the helpers that they
 * name. It reads each file once, and asks a helper once for each address.
 *
 * The look-up throws OciError `unreadable`, `invalid-json`, `invalid-config`, `limit-exceeded` for a file
 * or a helper that may have the credentials and can't be understood; none of the messages holds a secret.
 */
export function createLookUp(options: LookUpOptions = {}): LookUp {
  const { environment = process.env } = options;
  const limits = withLimits(options.limits);
  const read = remember((place: CredentialPlace) => readCredentialFile(place, limits));
  const places = credentialPlaces(environment);
  const asked = new Map<string, Promise<Credentials | undefined>>();
  const askHelper: Ask = async (file, { name }, key) => {
    const { helper, from } = helperFor(file, key)!;
    const id = JSON.stringify([helper, key]);
    const known =
      asked.get(id) ??
      getFromHelper({ name: helper, namedBy: `${from} of ${name}`, environment, limits }, key);
    asked.set(id, known);
    return {
      credentials: await known,
      found: `docker-credential-${helper}, which has none for it`,
    };
  };
  return async (registry, repository) => {
    const looked: Looked[] = [];
    for (const place of places) {
      const file = await read(place);
      const kept = await lookInFile(file, place, { registry, repository, askHelper });
      if (kept.credentials !== undefined) {
        return { credentials: kept.credentials, source: kept.found, looked };
      }
      looked.push({ place: place.name, found: kept.found });
    }
    return { credentials: undefined, looked };
  };
}

/**
 * The credentials for a repository, from the configuration files of docker and of the containers tools and from the
 * credential helpers that they name. Undefined when none of them has any; a missing file is not an error.
 * @throws OciError `unreadable`, `invalid-json`, `invalid-config`, `limit-exceeded` for a file or helper
 * that may have them and can't be read, run or understood
 */
export async function findCredentials(
  registry: string,
  repository: string,
  environment?: Environment,
): Promise<Credentials | undefined> {
  return (await createLookUp({ environment })(registry, repository)).credentials;
}

interface Wanted {
  readonly registry: string;
  readonly repository: string;
  readonly askHelper: Ask;
}

async function lookInFile(
  file: CredentialFile | undefined,
  place: CredentialPlace,
  { registry, repository, askHelper }: Wanted,
): Promise<Kept> {
  if (file === undefined) return { credentials: undefined, found: NO_FILE };
  const here = { host: registry.toLowerCase(), path: repository };
  const own = new Set(applicableKeys([...file.auths.keys(), ...file.credHelpers.keys()], here));
  // A store may have credentials that no entry speaks of.
  if (file.credsStore !== undefined) own.add(formatKey({ host: registry, path: "" }));
  let found = `no entry for ${registry}`;
  for (const key of own) {
    const kept = await lookAtKey(file, place, key, askHelper);
    if (kept.credentials !== undefined) return kept;
    found = kept.found;
  }
  return { credentials: undefined, found };
}

async function lookAtKey(
  file: CredentialFile,
  place: CredentialPlace,
  key: string,
  askHelper: Ask,
): Promise<Kept> {
  const kept = helperFor(file, key);
  if (kept !== undefined) {
    const inHelper = await askHelper(file, place, key).catch((error: unknown) => {
      // docker login leaves an entry for each registry whose secret a store keeps. Where there is none, and no store
      // on this machine, as when the file was copied here, nobody has logged in.
      const isNobodys = kept.from === "credsStore" && !file.auths.has(key);
      if (!isNobodys || !isMissingHelper(error)) throw error;
      const found = `docker-credential-${kept.helper}, which is not on the PATH`;
      return { credentials: undefined, found };
    });
    const source = `docker-credential-${kept.helper}, named by ${kept.from} of ${place.name}`;
    if (inHelper.credentials !== undefined) return { ...inHelper, found: source };
    if (!file.auths.has(key)) return inHelper;
  }
  const credentials = parseEntry(file.auths.get(key), `${place.name}: ${key}`);
  return {
    credentials,
    found: credentials === undefined ? `an empty entry for ${key}` : place.name,
  };
}

function remember<Key, Value>(act: (key: Key) => Promise<Value>): (key: Key) => Promise<Value> {
  const known = new Map<Key, Promise<Value>>();
  return (key) => {
    const value = known.get(key) ?? act(key);
    known.set(key, value);
    return value;
  };
}
