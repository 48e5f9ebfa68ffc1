// SPDX-License-Identifier: MIT
import { lookup } from "node:dns";
import type { LookupAddress } from "node:dns";
import type { LookupFunction } from "node:net";
import { Agent } from "undici";
import { OciError } from "../../oci/errors.ts";
import type { Limits } from "../../oci/limits.ts";
import { addressRefusal } from "../hosts.ts";

/** The connections to one registry and to the places it sends us to. */
export interface Connections {
  /** The agent for requests to this URL. */
  to(url: URL): Agent;
  /** Waits for running requests to end, then closes all connections. Idle ones do not keep a process alive. */
  close(): Promise<void>;
}

const CONNECT_TIMEOUT = 15_000;

/**
 * Opens no connection yet. The user chose the registry's own address, so that is not checked. For every other
 * host, the address that its name resolves to is checked at the moment of connecting.
 */
export function openConnections(origin: URL, limits: Limits): Connections {
  const options = {
    headersTimeout: limits.idleTimeout,
    bodyTimeout: limits.idleTimeout,
    allowH2: false,
  };
  const timeout = Math.min(CONNECT_TIMEOUT, limits.idleTimeout);
  const own = new Agent({ ...options, connect: { timeout } });
  const foreign = new Agent({ ...options, connect: { timeout, lookup: guardLookup(origin) } });
  return {
    to: (url) => (url.origin === origin.origin ? own : foreign),
    close: async () => {
      await Promise.all([own.close(), foreign.close()]);
    },
  };
}

/** Resolves a host name. */
export type Resolve = (
  hostname: string,
  options: object,
  done: (
    error: Error | null,
    addresses: string | readonly LookupAddress[] | undefined,
    family?: number,
  ) => void,
) => void;

/**
 * A lookup that fails for a name with any address which the registry may not send us to. The callback then
 * gets an OciError `redirect-refused`.
 */
export function guardLookup(origin: URL, resolve: Resolve = lookup): LookupFunction {
  return (hostname, options, done) => {
    resolve(hostname, options, (error, found = [], family) => {
      const addresses = typeof found === "string" ? [found] : found.map(({ address }) => address);
      for (const address of addresses) {
        const reason = addressRefusal(address, origin);
        if (reason === undefined) continue;
        done(refused(hostname, address, origin, reason), []);
        return;
      }
      done(error, typeof found === "string" ? found : [...found], family);
    });
  };
}

function refused(hostname: string, address: string, origin: URL, reason: string): OciError {
  return new OciError(
    "redirect-refused",
    `${hostname}: expected a place that ${origin.host} may send us to, got ${address}: ${reason}`,
    { details: { hostname, address, registry: origin.host } },
  );
}
