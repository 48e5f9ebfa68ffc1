// SPDX-License-Identifier: MIT
import { formatBasic } from "../auth/basic.ts";
import type { RegistryKey } from "../credentials/registry-key.ts";
import type { Credentials, TransportOptions } from "../registry-options.ts";
import type { AbortOptions } from "../../bytes/bytes.ts";
import { openTransport } from "../transport/transport.ts";
import { isWebPage, webPageInstead } from "../web-page.ts";

/**
 * Shows credentials to a registry.
 * @returns whether it asked for any: one that lets everybody in says nothing about them
 * @throws RegistryError `unauthorized` when it refuses them; `registry-refused` for a web page; `unreachable` and others as any request
 */
export async function checkCredentials(
  { host, path }: RegistryKey,
  credentials: Credentials,
  { signal, ...options }: Omit<TransportOptions, "credentials"> & AbortOptions = {},
): Promise<boolean> {
  const transport = openTransport(host, { ...options, credentials });
  const request = { method: "GET", target: "/v2/", repository: path, scopes: [] } as const;
  try {
    const most = transport.limits.answerBytes;
    const answer = await transport.read({ ...request, expect: [200], signal }, most);
    // A network that wants its users to sign in first answers everything so: nothing is known of the registry.
    if (isWebPage(answer.bytes)) throw webPageInstead(answer, "the answer of a registry");
    if (answer.authorization !== undefined) return true;
    if (credentials.identityToken !== undefined) return false;
    // Some let everybody read and ask for credentials only to write: those that are wrong are refused all the same.
    const shown = await transport.send({
      ...request,
      headers: { authorization: formatBasic(credentials) },
      expect: [200],
      signal,
    });
    await shown.discard();
    return false;
  } finally {
    await transport.close();
  }
}
