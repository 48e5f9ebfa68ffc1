// SPDX-License-Identifier: MIT
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { resolve } from "node:path";
import { withLimits } from "../oci/limits.ts";
import type { Limits } from "../oci/limits.ts";
import { createGate } from "../registry/transport/gate.ts";
import { openFreshLayout } from "../store/layout/fresh-layout.ts";
import { openRepositories } from "../store/repositories/repositories.ts";
import { createBoundServer } from "./bound-server.ts";
import type { Call } from "./http-call.ts";
import { sendError } from "./http-call.ts";
import { dispatch } from "./dispatch.ts";
import { createRequestGuard } from "./request-guard.ts";
import type { RequestGuard } from "./request-guard.ts";
import { requestFailed } from "./server-event.ts";
import type { ServerEvent } from "./server-event.ts";
import { openUploads } from "./uploads.ts";

/** What {@link serveRegistry} takes. */
export interface ServeOptions {
  /** An OCI image layout. It is created when the directory is absent or empty. */
  readonly directory: string;
  /** Default `127.0.0.1`, only this machine: whoever reaches the port may read and write. */
  readonly host?: string | undefined;
  /** Default 0: a free port. */
  readonly port?: number | undefined;
  /**
   * Further names by which clients may reach the registry. Without them, a registry on a loopback address
   * answers only to loopback names and names without a dot, and a registry on any other address answers to
   * every name.
   */
  readonly allowedHosts?: readonly string[] | undefined;
  /** Accept manifests and indexes of which not all content is there. Default: 404 MANIFEST_BLOB_UNKNOWN. */
  readonly sparse?: boolean | undefined;
  readonly limits?: Partial<Limits> | undefined;
  /** Called with every failure. It is not awaited. */
  readonly onEvent?: ((event: ServerEvent) => void) | undefined;
}

/** A running registry. */
export interface RegistryServer {
  /** `http://127.0.0.1:41234` */
  readonly url: string;
  readonly host: string;
  readonly port: number;
  /** Accepts no more requests, gives running ones a few seconds to end, and frees the port. Idempotent. */
  close(): Promise<void>;
}

/** How many milliseconds running requests may take to end when the registry closes. */
const GRACE = 3_000;

/**
 * Serves an OCI layout directory as a registry (distribution-spec 1.1) over plain http, without
 * authentication: whoever reaches the address may read and write, except web pages of other sites. The
 * directory is a complete layout at any time, even if the process is killed: blobs appear whole under their
 * digests, and index.json is replaced, never edited. Other processes may use the layout at the same time.
 *
 * Repositories are apart: what one has by digest, another has only if it was pushed or mounted there. A tag is
 * an entry of index.json named `repository:tag`; a bare name belongs to the repository named after the
 * directory, and so does what other tools left there without a name. One client (an address) can use only a part of the
 * connections and uploads, and must send and receive at `leastRate` or faster.
 * @throws OciError `invalid-layout`; the system's error when the port can't be opened
 */
export async function serveRegistry(options: ServeOptions): Promise<RegistryServer> {
  const directory = resolve(options.directory);
  const limits = withLimits(options.limits);
  const { store, discard } = await openFreshLayout(directory, { name: "the registry", limits });
  const repositories = openRepositories(store, { limits });
  // What is there already is taken over before anyone asks for it.
  await repositories.open(repositories.own);
  const parts = {
    store,
    limits,
    uploads: openUploads(store.capabilities.uploads, limits),
    inTurn: createGate(1),
    repositories,
    sparse: options.sparse ?? false,
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

type Parts = Pick<Call, "store" | "uploads" | "limits" | "inTurn" | "repositories" | "sparse">;

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
