// SPDX-License-Identifier: MIT
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { basename, resolve } from "node:path";
import { withLimits } from "../oci/limits.ts";
import type { Limits } from "../oci/limits.ts";
import { createGate } from "../registry/transport/gate.ts";
import { openFreshLayout } from "../store/layout/fresh-layout.ts";
import { createBoundServer } from "./bound-server.ts";
import type { Call } from "./call.ts";
import { sendError } from "./call.ts";
import { dispatch } from "./dispatch.ts";
import { repositoryOf } from "./names.ts";
import { createRequestGuard } from "./request-guard.ts";
import type { RequestGuard } from "./request-guard.ts";
import { requestFailed } from "./server-event.ts";
import type { ServerEvent } from "./server-event.ts";
import { openUploads } from "./uploads.ts";

/** What {@link serveRegistry} takes. */
export interface ServeOptions {
  /** An OCI image layout; made when it is absent or empty. */
  readonly directory: string;
  /** Default `127.0.0.1`: whoever reaches the port may read and write, so only this machine does. */
  readonly host?: string | undefined;
  /** Default 0: a free port. */
  readonly port?: number | undefined;
  /**
   * Further names that the registry goes by. On a loopback address only loopback names and names without
   * a dot are answered else; on another address all are, as long as none is given here.
   */
  readonly allowedHosts?: readonly string[] | undefined;
  readonly limits?: Partial<Limits> | undefined;
  /** Told of every failure; never awaited. */
  readonly onEvent?: ((event: ServerEvent) => void) | undefined;
}

/** A running registry. */
export interface RegistryServer {
  /** `http://127.0.0.1:41234` */
  readonly url: string;
  readonly host: string;
  readonly port: number;
  /** Takes no more requests, lets running ones end for a few seconds, and frees the port. Idempotent. */
  close(): Promise<void>;
}

/** Milliseconds that running requests get when the registry closes. */
const GRACE = 3_000;

/**
 * Serves an OCI layout directory as a registry (distribution-spec 1.1) in plain http, without
 * authentication: whoever reaches the address may read and write, but for web pages of elsewhere. The
 * directory is a complete layout at any time, whatever kills the process: blobs appear whole under their
 * digests, and index.json is replaced, never edited. Other processes may use the layout meanwhile.
 *
 * All repositories share the content; a tag is an entry of index.json named `repository:tag` (a bare
 * name belongs to the repository called like the directory). One client (an address) can hold only a part
 * of the connections and uploads, and whatever it sends or takes has to go on at `leastRate`.
 * @throws OciError `invalid-layout`; the system's error when the port can't be had
 */
export async function serveRegistry(options: ServeOptions): Promise<RegistryServer> {
  const directory = resolve(options.directory);
  const limits = withLimits(options.limits);
  const { store, discard } = await openFreshLayout(directory, { name: "the registry", limits });
  const parts = {
    store,
    limits,
    uploads: openUploads(store.capabilities.uploads, limits),
    inTurn: createGate(1),
    own: repositoryOf(basename(directory)),
  };
  const server = createBoundServer(limits, options.onEvent);
  const { host, port } = await listen(server, options).catch(async (error: unknown) => {
    await discard();
    throw error;
  });
  const guard = createRequestGuard({
    address: (server.address() as AddressInfo).address,
    host,
    allowedHosts: options.allowedHosts ?? [],
  });
  server.on("request", (request: IncomingMessage, response: ServerResponse) => {
    void answer(parts, guard, request, response, options.onEvent);
  });
  let closed: Promise<void> | undefined;
  return {
    url: `http://${host.includes(":") ? `[${host}]` : host}:${port}`,
    host,
    port,
    close: () => (closed ??= close(server, () => parts.uploads.close())),
  };
}

function listen(server: Server, options: ServeOptions): Promise<{ host: string; port: number }> {
  const host = options.host ?? "127.0.0.1";
  return new Promise((resolved, reject) => {
    server.once("error", reject);
    server.listen(options.port ?? 0, host, () => {
      server.removeListener("error", reject);
      resolved({ host, port: (server.address() as AddressInfo).port });
    });
  });
}

async function close(server: Server, last: () => Promise<void>): Promise<void> {
  const ended = new Promise<void>((resolved) => server.close(() => resolved()));
  server.closeIdleConnections();
  const timer = setTimeout(() => server.closeAllConnections(), GRACE);
  await ended;
  clearTimeout(timer);
  await last();
}

type Parts = Pick<Call, "store" | "uploads" | "limits" | "inTurn" | "own">;

async function answer(
  parts: Parts,
  guard: RequestGuard,
  request: IncomingMessage,
  response: ServerResponse,
  tell: ServeOptions["onEvent"],
): Promise<void> {
  response.setHeader("docker-distribution-api-version", "registry/2.0");
  response.setHeader("x-content-type-options", "nosniff");
  response.setHeader("cross-origin-resource-policy", "same-origin");
  try {
    const { path, query } = guard(request);
    await dispatch({ ...parts, request, response, query }, path);
  } catch (error) {
    const answered = sendError({ request, response }, error);
    const isQuestion = request.method === "HEAD" && answered?.status === 404;
    if (!isQuestion) tell?.(requestFailed(request, error, answered));
  }
}
