// SPDX-License-Identifier: MIT
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { resolve } from "node:path";
import { withLimits } from "../oci/limits.ts";
import type { Limits } from "../oci/limits.ts";
import { createGate } from "../registry/transport/gate.ts";
import { openFreshLayout, type FreshLayout } from "../store/layout/fresh-layout.ts";
import { openLayout } from "../store/layout/layout.ts";
import { openRepositories } from "../store/repositories/repositories.ts";
import { openAccess, type AccessOptions } from "./access/access-control.ts";
import { tokenFileOf } from "./access/token-file.ts";
import { answerRequest, type Registry } from "./answer-request.ts";
import { createBoundServer } from "./listen/bound-server.ts";
import { listeningAddress } from "./listen/listening-address.ts";
import type { TlsFiles } from "./listen/tls-files.ts";
import { createRequestGuard } from "./listen/request-guard.ts";
import type { ServerEvent } from "./listen/server-event.ts";
import { createVerifiedFiles } from "./streams/verified-files.ts";
import { openUploads } from "./uploads.ts";

/** What {@link serveRegistry} takes. */
export interface ServeOptions {
  /** An OCI image layout. It is created when the directory is absent or empty, unless `readOnly`. */
  readonly directory: string;
  /** Default `127.0.0.1`: only this machine. Any other address needs `tls` and `access`, or a word for less. */
  readonly host?: string | undefined;
  /** Default 0: a free port. */
  readonly port?: number | undefined;
  /**
   * Further names by which clients may reach the registry. Without them, a registry on a loopback address
   * answers only to loopback names and names without a dot, and a registry on any other address answers to
   * every name.
   */
  readonly allowedHosts?: readonly string[] | undefined;
  /** Serve https with this certificate. The files are read again when they change. */
  readonly tls?: TlsFiles | undefined;
  /** Who may do what. Default: whoever reaches the port may do everything. */
  readonly access?: AccessOptions | undefined;
  /** Beyond this machine, let whoever reaches the port do everything. */
  readonly allowAnonymous?: boolean | undefined;
  /** Beyond this machine, serve http: content and passwords can be read and changed on their way. */
  readonly allowPlainHttp?: boolean | undefined;
  /** Answer reads only. Nothing in the directory is changed. */
  readonly readOnly?: boolean | undefined;
  /** Accept manifests and indexes of which not all content is there. Default: 404 MANIFEST_BLOB_UNKNOWN. */
  readonly sparse?: boolean | undefined;
  readonly limits?: Partial<Limits> | undefined;
  /** Called with every failure. It is not awaited. */
  readonly onEvent?: ((event: ServerEvent) => void) | undefined;
  /**
   * Sees every request first and decides whether, and with what response, it goes on to the registry: for
   * tests that need a registry with faults.
   */
  readonly intercept?: Intercept | undefined;
}

/** @param next answers the request in the registry's own way */
export type Intercept = (
  request: IncomingMessage,
  response: ServerResponse,
  next: () => void,
) => void;

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
 * Serves an OCI layout directory as a registry (distribution-spec 1.1). Without `access`, whoever reaches the
 * address may read and write, except web pages of other sites. The directory is a complete layout at any time,
 * even if the process is killed: blobs appear whole under their digests, and index.json is replaced, never
 * edited. Other processes may use the layout at the same time.
 *
 * Repositories are apart: what one has by digest, another has only if it was pushed or mounted there. A tag is
 * an entry of index.json named `repository:tag`; a bare name belongs to the repository named after the
 * directory, and so does what other tools left there without a name. One client (an address) can use only a part of the
 * connections and uploads, and must send and receive at `leastRate` or faster.
 * @throws OciError `invalid-layout`; `invalid-argument` for an address beyond this machine without protection,
 * and for files of users, rules or the certificate that can't be understood; `not-found`, `unreadable` for
 * those; the system's error when the port can't be opened
 */
export async function serveRegistry(options: ServeOptions): Promise<RegistryServer> {
  const directory = resolve(options.directory);
  const limits = withLimits(options.limits);
  const { access, tls, onEvent, readOnly = false } = options;
  const host = options.host ?? "127.0.0.1";
  const address = await listeningAddress({
    host,
    hasTls: tls !== undefined,
    hasAccess: access !== undefined,
    allowPlainHttp: options.allowPlainHttp ?? false,
    allowAnonymous: options.allowAnonymous ?? false,
  });
  const server = createBoundServer(limits, tls, onEvent);
  const control =
    access && openAccess({ ...access, tokens: access.tokens ?? tokenFileOf(directory) });
  const { store, discard } = await openServed(directory, readOnly, limits);
  const repositories = openRepositories(store, { limits, readOnly });
  // What is there already is taken over before anyone asks for it.
  await repositories.open(repositories.own);
  const port = await listen(server, address, options.port ?? 0).catch(async (error: unknown) => {
    await discard();
    throw error;
  });
  const registry: Registry = {
    parts: {
      store,
      limits,
      uploads: openUploads(store.capabilities.uploads, limits),
      inTurn: createGate(1),
      repositories,
      sparse: options.sparse ?? false,
      verified: createVerifiedFiles(),
    },
    guard: createRequestGuard({ address, host, allowedHosts: options.allowedHosts ?? [] }),
    control,
    readOnly,
    tell: onEvent,
  };
  server.on("request", (request: IncomingMessage, response: ServerResponse) => {
    const next = (): void => void answerRequest(registry, request, response);
    if (options.intercept === undefined) next();
    else options.intercept(request, response, next);
  });
  const last = async (): Promise<void> => {
    await registry.parts.uploads.close();
    await control?.close();
  };
  let closed: Promise<void> | undefined;
  return {
    url: `http${tls === undefined ? "" : "s"}://${host.includes(":") ? `[${host}]` : host}:${port}`,
    host,
    port,
    close: () => (closed ??= close(server, last)),
  };
}

async function openServed(
  directory: string,
  readOnly: boolean,
  limits: Limits,
): Promise<FreshLayout> {
  const options = { name: "the registry", limits };
  if (!readOnly) return openFreshLayout(directory, options);
  const store = await openLayout(directory, options);
  return { store, discard: () => Promise.resolve() };
}

function listen(server: Server, address: string, port: number): Promise<number> {
  return new Promise((resolved, reject) => {
    server.once("error", reject);
    server.listen(port, address, () => {
      server.removeListener("error", reject);
      resolved((server.address() as AddressInfo).port);
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
