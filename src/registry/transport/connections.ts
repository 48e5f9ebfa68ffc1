// SPDX-License-Identifier: MIT
import { Agent, type Dispatcher } from "undici";
import type { Limits } from "../../oci/limits.ts";
import type { FindProxy, FindTls, Resolve } from "../registry-options.ts";
import { createAddressGate } from "./address-gate.ts";
import { createDial, type Dial } from "./dial.ts";
import { createTrust } from "./trust.ts";
import { proxyAuthorization } from "./tunnel.ts";

/** The connections to one registry and to the places it sends us to. */
export interface Connections {
  readonly agent: Agent;
  readonly dial: Dial;
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
/** The longest head of an answer, in bytes: signed addresses of storage services take a few KiB. */
const HEAD_BYTES = 32 * 1024;

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
  const dial = createDial({
    origin,
    timeout,
    proxy,
    trust: createTrust(tls, registry),
    gate,
    resolve,
  });
  const agent = new ProxyingAgent(proxy, {
    headersTimeout: limits.idleTimeout,
    bodyTimeout: limits.idleTimeout,
    maxHeaderSize: HEAD_BYTES,
    allowH2: false,
    connect: ({ protocol, hostname, port }, done) => {
      const host = hostname.includes(":") ? `[${hostname}]` : hostname;
      dial.open(new URL(`${protocol}//${host}:${port}`)).then(
        (socket) => done(null, socket),
        (error: unknown) => done(error as Error, null),
      );
    },
  });
  return { agent, dial, close: () => agent.close() };
}

/** Sends plain requests to their proxy, with the whole URL as their target (RFC 9112, 3.2.2). */
class ProxyingAgent extends Agent {
  readonly #proxy: FindProxy;

  constructor(proxy: FindProxy, options: Agent.Options) {
    super(options);
    this.#proxy = proxy;
  }

  override dispatch(options: Agent.DispatchOptions, handler: Dispatcher.DispatchHandler): boolean {
    const origin = new URL(String(options.origin));
    const proxy = origin.protocol === "http:" ? this.#proxy(origin) : undefined;
    if (proxy === undefined) return super.dispatch(options, handler);
    const authorization = proxyAuthorization(proxy);
    const headers = {
      ...(options.headers as Readonly<Record<string, string>>),
      ...(authorization !== undefined && { "proxy-authorization": authorization }),
    };
    return super.dispatch({ ...options, path: origin.origin + options.path, headers }, handler);
  }
}
