// SPDX-License-Identifier: MIT
import type { Socket } from "node:net";
import { Agent, type Dispatcher } from "undici";
import type { FindProxy } from "../registry-options.ts";
import { proxyAuthorization } from "../machine/proxy-authorization.ts";

/** How hosts are reached. */
export interface ReachOptions {
  readonly proxy: FindProxy;
  /** Opens a connection over which requests can be sent: encrypted for https, through the proxy where there is one. */
  readonly open: (target: URL) => Promise<Socket>;
}

/** Sends plain requests to their proxy, with the whole URL as their target (RFC 9112, 3.2.2). */
export class ProxyingAgent extends Agent {
  readonly #proxy: FindProxy;

  constructor({ proxy, open }: ReachOptions, options: Agent.Options) {
    super({
      ...options,
      connect: ({ protocol, hostname, port }, done) => {
        const host = hostname.includes(":") ? `[${hostname}]` : hostname;
        open(new URL(`${protocol}//${host}:${port}`)).then(
          (socket) => done(null, socket),
          (error: unknown) => done(error as Error, null),
        );
      },
    });
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
