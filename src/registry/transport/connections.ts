// SPDX-License-Identifier: MIT
import type { Socket } from "node:net";
import type { Limits } from "../../oci/limits.ts";
import { openDirectWay } from "../direct/direct-way.ts";
import type { Answer, Way } from "../exchange.ts";
import type { FindProxy, FindTls, Resolve } from "../registry-options.ts";
import { createAddressGate } from "./address-gate.ts";
import { createDial, type Dial } from "./dial.ts";
import { createTrust } from "./trust.ts";

/** The connections to one registry and to the places it sends us to. */
export interface Connections {
  readonly dial: Dial;
  /** For requests that need no proxy, but for large answers in plain http. */
  readonly direct: Way<Answer | undefined>;
  /** For every request. */
  readonly pooled: Way;
  /** Waits for running requests to end, then closes all connections. Idle ones do not keep a process alive. */
  close(): Promise<void>;
}

/** What {@link openConnections} takes. */
export interface ConnectionOptions {
  readonly limits: Limits;
  readonly tls: FindTls;
  readonly proxy: FindProxy;
  readonly resolve?: Resolve | undefined;
}

const CONNECT_TIMEOUT = 15_000;

/**
 * Opens no connection yet. Every connection is made, and every address judged, in one place: see `createDial`.
 * @param origin the registry's; its scheme may still change before the first request
 */
export function openConnections(
  registry: string,
  origin: URL,
  options: ConnectionOptions,
): Connections {
  const { limits, tls, proxy, resolve } = options;
  const timeout = Math.min(CONNECT_TIMEOUT, limits.idleTimeout);
  const gate = createAddressGate(origin);
  const trust = createTrust(tls, registry);
  const dial = createDial({ origin, timeout, proxy, trust, gate, resolve });
  const open = (target: URL): Promise<Socket> => dial.open(target);
  const direct = openDirectWay(open, limits);
  const pooled = later(async () => {
    const { openPooledWay } = await import("../pooled/pooled-way.ts");
    return openPooledWay({ proxy, open }, limits);
  });
  const close = async (): Promise<void> => {
    await Promise.all([direct.close(), pooled.close()]);
  };
  return { dial, direct, pooled, close };
}

/** A way that is opened for the first request over it, because loading undici takes long. */
function later(open: () => Promise<Way>): Way {
  let way: Promise<Way> | undefined;
  return {
    exchange: async (request, patience) => (await (way ??= open())).exchange(request, patience),
    close: async () => (await way)?.close(),
  };
}
