// SPDX-License-Identifier: MIT
import { parseRegistry } from "../../oci/reference.ts";
import type { OpenOptions } from "../open-reference.ts";

/** The repositories of a registry. */
export interface Catalog {
  /** Its host, with the port if one was named. */
  readonly registry: string;
  /** In sorted order. */
  readonly repositories: readonly string[];
}

/**
 * Lists the repositories of a registry, as far as it shows them.
 * @throws OciError `invalid-reference`; RegistryError `unsupported-operation` for a registry without such a
 * list, `unauthorized`
 */
export async function listCatalog(host: string, options: OpenOptions = {}): Promise<Catalog> {
  const registry = parseRegistry(host);
  const [{ openTransport }, { listRepositories }] = await Promise.all([
    import("../../registry/transport/transport.ts"),
    import("../../registry/lists/list-repositories.ts"),
  ]);
  const given = options.registry?.transport;
  const transport = given ?? openTransport(registry, options.registry);
  try {
    return { registry, repositories: await listRepositories(transport, options) };
  } finally {
    if (given === undefined) await transport.close();
  }
}
