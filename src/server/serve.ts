// SPDX-License-Identifier: MIT
import { createServer } from "node:http";
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { basename, resolve } from "node:path";
import { createGate } from "../registry/transport/gate.ts";
import { openFreshLayout } from "../store/layout/fresh-layout.ts";
import type { Call } from "./call.ts";
import { sendError } from "./call.ts";
import { dispatch } from "./dispatch.ts";
import { repositoryOf } from "./names.ts";
import { openUploads } from "./uploads.ts";

/** What {@link serveRegistry} takes. */
export interface ServeOptions {
  /** An OCI image layout; made when it is absent or empty. */
  readonly directory: string;
  /** Default `127.0.0.1`: whoever reaches the port may read and write, so only this machine does. */
  readonly host?: string | undefined;
  /** Default 0: a free port. */
  readonly port?: number | undefined;
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

/** Milliseconds without a byte in either direction before a connection is given up. */
const IDLE_TIMEOUT = 120_000;
/** Milliseconds that running requests get when the registry closes. */
const GRACE = 3_000;

/**
 * Serves an OCI layout directory as a registry (distribution-spec 1.1) in plain http, without
 * authentication. The directory is a complete layout at any time, whatever kills the process: blobs
 * appear whole under their digests, and index.json is replaced, never edited. Other processes may use
 * the layout meanwhile.
 *
 * All repositories share the content; a tag is an entry of index.json named `repository:tag` (a bare
 * name belongs to the repository called like the directory).
 * @throws OciError `invalid-layout`; the system's error when the port can't be had
 */
export async function serveRegistry(options: ServeOptions): Promise<RegistryServer> {
  const directory = resolve(options.directory);
  const { store, discard } = await openFreshLayout(directory);
  const parts = {
    store,
    uploads: openUploads(store.capabilities.uploads),
    inTurn: createGate(1),
    own: repositoryOf(basename(directory)),
  };
  // No bound on a whole request: a layer may take hours. The idle timeout bounds what matters.
  const server = createServer({ requestTimeout: 0 }, (request, response) => {
    void answer(parts, request, response);
  });
  server.setTimeout(IDLE_TIMEOUT);
  const { host, port } = await listen(server, options).catch(async (error: unknown) => {
    await discard();
    throw error;
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

type Parts = Pick<Call, "store" | "uploads" | "inTurn" | "own">;

async function answer(
  parts: Parts,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  response.setHeader("docker-distribution-api-version", "registry/2.0");
  response.setHeader("x-content-type-options", "nosniff");
  try {
    const [path = "", search = ""] = splitTarget(request.url ?? "");
    await dispatch({ ...parts, request, response, query: new URLSearchParams(search) }, path);
  } catch (error) {
    sendError({ request, response }, error);
  }
}

function splitTarget(target: string): readonly string[] {
  const mark = target.indexOf("?");
  return mark === -1 ? [target] : [target.slice(0, mark), target.slice(mark + 1)];
}
