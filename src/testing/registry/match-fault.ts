// SPDX-License-Identifier: MIT
import type { IncomingMessage } from "node:http";
import { isDigest } from "../../oci/digest.ts";
import { endpointOf, type Route } from "../../registry/wire/paths.ts";
import type { Fault, FaultEffect, FaultTarget } from "./fault.ts";

/** Faults with the count of the requests that each has hit. */
export interface ArmedFaults {
  /** What goes wrong with a request, in the order in which the faults were given. */
  effectsOn(request: IncomingMessage): readonly FaultEffect[];
  /** Adds faults before the others. */
  add(...faults: readonly Fault[]): void;
  /** Takes all faults away. */
  clear(): void;
}

interface Armed {
  readonly fault: Fault;
  skip: number;
  left: number;
}

export function armFaults(given: readonly Fault[]): ArmedFaults {
  const arm = (fault: Fault): Armed => {
    const { skip = 0, times = Infinity } = fault;
    return { fault, skip, left: times };
  };
  let armed = given.map(arm);
  return {
    effectsOn: ({ method = "", url = "" }) => {
      const { pathname, searchParams } = new URL(url, "http://registry");
      const route = endpointOf(pathname);
      return armed.flatMap((one): FaultEffect[] => {
        const { on, does } = one.fault;
        if (one.left === 0 || !matches(on, method, route, searchParams)) return [];
        if (one.skip > 0) {
          one.skip -= 1;
          return [];
        }
        one.left -= 1;
        return [does];
      });
    },
    add: (...faults) => {
      armed = [...faults.map(arm), ...armed];
    },
    clear: () => {
      armed = [];
    },
  };
}

function matches(
  { method, endpoint, repository, by, reference, parameter }: FaultTarget,
  asked: string,
  route: Route | undefined,
  query: URLSearchParams,
): boolean {
  const named = referenceOf(route);
  const methods = typeof method === "string" ? [method] : method;
  const kind = named === undefined ? undefined : isDigest(named) ? "digest" : "tag";
  return (
    (methods === undefined || methods.includes(asked)) &&
    (endpoint === undefined || route?.kind === endpoint) &&
    (repository === undefined ||
      (route && "repository" in route && route.repository) === repository) &&
    (by === undefined || by === kind) &&
    (reference === undefined || reference === named) &&
    (parameter === undefined || query.has(parameter))
  );
}

function referenceOf(route: Route | undefined): string | undefined {
  if (route === undefined) return undefined;
  if ("reference" in route) return route.reference;
  return "digest" in route ? route.digest : undefined;
}
