// SPDX-License-Identifier: MIT
import { isIP } from "node:net";
import { OciError } from "../../oci/errors.ts";
import { isMetadataName, type Zone, ZONES, zoneOfAddress, zoneOfHost } from "../hosts.ts";

/**
 * Judges every address that is connected to on behalf of one registry. A registry may send us outward or to
 * its like, never further in: only a registry on this machine may name addresses of this machine, only one on
 * a private network may name private ones, and none may name an address where clouds serve secrets.
 */
export interface AddressGate {
  /**
   * Why a connection may not be made; undefined when it may.
   * @param isOwn whether it is to the registry itself
   */
  refusal(address: string, isOwn: boolean): string | undefined;
  /** The same for a host that a proxy will connect to, of which only the name is known. */
  refusalByName(hostname: string): string | undefined;
  /** Tells the address at which the registry itself has answered. */
  settle(address: string): void;
  /** The error for what was refused. */
  error(hostname: string, reason: string): OciError;
}

/** Creates the gate of a registry. Its own address counts as public until it has been connected to. */
export function createAddressGate(origin: URL): AddressGate {
  let settled: Zone | undefined;
  const own = (): Zone => settled ?? zoneOfHost(origin.hostname) ?? "public";

  const foreign = (zone: Zone): string | undefined => {
    if (zone === "metadata") return DESCRIBED.metadata;
    return isFurtherIn(zone, own()) ? DESCRIBED[zone] : undefined;
  };
  return {
    refusal: (address, isOwn) => {
      const zone = zoneOfAddress(address);
      if (!isOwn) return foreign(zone);
      // Who typed an address means it. A name that leads to secrets, or that first led outside and now leads
      // inside (DNS rebinding), is another matter.
      if (isIP(origin.hostname.replace(/^\[|\]$/g, "")) !== 0) return undefined;
      if (zone === "metadata") return DESCRIBED.metadata;
      const isRebound = settled !== undefined && isFurtherIn(zone, settled);
      return isRebound ? `${DESCRIBED[zone]}, and before it was ${DESCRIBED[settled!]}` : undefined;
    },
    refusalByName: (hostname) => {
      if (isMetadataName(hostname)) return DESCRIBED.metadata;
      const zone = zoneOfHost(hostname);
      return zone && foreign(zone);
    },
    settle: (address) => {
      settled ??= zoneOfAddress(address);
    },
    error: (hostname, reason) =>
      new OciError(
        "redirect-refused",
        `${hostname}: expected a place that ${origin.host} may send us to, got ${reason}`,
        { details: { hostname, registry: origin.host } },
      ),
  };
}

const DESCRIBED: Readonly<Record<Zone, string>> = {
  public: "a public address",
  private: "an address of a private network",
  machine: "an address of this machine",
  metadata: "an address of cloud metadata",
};

function isFurtherIn(zone: Zone, than: Zone): boolean {
  return ZONES.indexOf(zone) > ZONES.indexOf(than);
}
