// SPDX-License-Identifier: MIT
import type { LookupFunction } from "node:net";
import type { Resolve } from "../registry-options.ts";
import type { AddressGate } from "./address-gate.ts";

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
