// SPDX-License-Identifier: MIT
import type { AbortOptions } from "../../bytes/bytes.ts";
import { RegistryError } from "../registry-error.ts";
import type { Transport } from "../transport/transport.ts";
import { formatRoute } from "../wire/paths.ts";
import { listNames } from "./list-names.ts";

const ACCESS = { repository: "", scopes: ["registry:catalog:*"] };

/**
 * The names of all repositories of a registry, sorted, as far as it shows them. The specification does not
 * have this list; distribution and some others do (`/v2/_catalog`).
 * @throws RegistryError `unsupported-operation` when the registry has no such list or does not show it;
 * otherwise as `listNames`
 */
export async function listRepositories(
  transport: Transport,
  options: AbortOptions = {},
): Promise<readonly string[]> {
  const path = formatRoute({ kind: "catalog" });
  try {
    return await listNames({ transport, access: ACCESS, path, key: "repositories" }, options);
  } catch (error) {
    if (!(error instanceof RegistryError) || !hasNoCatalog(error)) throw error;
    const { method, url, status, registryErrors } = error;
    throw new RegistryError(
      "unsupported-operation",
      `${transport.registry}: expected a list of its repositories (_catalog), got none: ${error.message}`,
      {
        ...{ method, url, status, registryErrors, cause: error },
        hint: "Many registries list repositories on their web pages alone; tags of one: oci-kit tags HOST/REPOSITORY",
      },
    );
  }
}

function hasNoCatalog({ status = 0 }: RegistryError): boolean {
  return [400, 404, 405, 501].includes(status);
}
