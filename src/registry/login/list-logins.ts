// SPDX-License-Identifier: MIT
import { withLimits } from "../../oci/limits.ts";
import { readCredentialFile } from "../credentials/credential-file.ts";
import { credentialPlaces } from "../credentials/credential-places.ts";
import { isDockerHub } from "../hosts.ts";
import { parseKey } from "../credentials/registry-key.ts";
import type { LogoutOptions } from "./logout.ts";

/**
 * The registries, and paths in them, of which a configuration file speaks: `host[:port][/path]`, sorted. No helper is
 * asked.
 * @throws OciError `unreadable`, `invalid-json`, `invalid-config` for a file that can't be read or understood
 */
export async function listLogins({
  environment = process.env,
  limits,
}: LogoutOptions = {}): Promise<readonly string[]> {
  const files = await Promise.all(
    credentialPlaces(environment).map((place) => readCredentialFile(place, withLimits(limits))),
  );
  const keys = files.flatMap((file) =>
    file === undefined ? [] : [...file.auths.keys(), ...file.credHelpers.keys()],
  );
  const places = keys.map(parseKey).map(({ host, path }) => {
    const name = isDockerHub(host) ? "docker.io" : host;
    return path === "" ? name : `${name}/${path}`;
  });
  return [...new Set(places)].sort();
}
