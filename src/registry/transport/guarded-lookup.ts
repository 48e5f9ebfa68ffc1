// SPDX-License-Identifier: MIT
import type { LookupAddress } from "node:dns";
import type { LookupFunction } from "node:net";
import type { AddressGate } from "./address-gate.ts";

/** Resolves a host name, as `dns.lookup` does. */
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
 * A lookup that fails for a name with any address which the gate refuses, at the moment of connecting: so a
 * name that resolves to something else the second time gains nothing. The callback then gets an OciError
 * `redirect-refused`.
 */
export function guardLookup(gate: AddressGate, isOwn: boolean, resolve: Resolve): LookupFunction {
  return (hostname, options, done) => {
    resolve(hostname, options, (error, found = [], family) => {
      const addresses = typeof found === "string" ? [found] : found.map(({ address }) => address);
      for (const address of addresses) {
        const reason = gate.refusal(address, isOwn);
        if (reason === undefined) continue;
        done(gate.error(hostname, `${address}, ${reason}`), []);
        return;
      }
      done(error, typeof found === "string" ? found : [...found], family);
    });
  };
}
