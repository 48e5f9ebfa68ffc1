// SPDX-License-Identifier: MIT
import { createServer } from "node:http";
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import { createServer as createSecureServer, Server as SecureServer } from "node:https";
import type { Socket } from "node:net";
import { isOciError } from "../../oci/errors.ts";
import type { Limits } from "../../oci/limits.ts";
import { boundConnections } from "./client-connections.ts";
import { certificateReader, type Certificate, type TlsFiles } from "./tls-files.ts";
import type { ServerEvent } from "./server-event.ts";

/** The shortest and the longest interval, in milliseconds, at which unfinished request heads are checked. */
const SHORTEST_CHECK = 20;
const LONGEST_CHECK = 5_000;
/**
 * A connection may be idle for this many times `idleTimeout`, the time that our own client waits for a
 * registry.
 */
const PATIENCE = 2;

const REFUSAL = [
  "HTTP/1.1 429 Too Many Requests",
  "retry-after: 10",
  "connection: close",
  "content-length: 0",
  "\r\n",
].join("\r\n");

type Tell = (event: ServerEvent) => void;

/**
 * Makes a server that no single client can occupy completely. The number of connections is limited, the
 * head of a request and a TLS handshake have a deadline, and an idle connection is closed unless the server
 * itself is still working. A whole request has no deadline: a layer may take hours, as long as its body keeps
 * to the minimum rate. A certificate that changes counts for the connections that come afterwards.
 * @throws OciError `invalid-argument`, `not-found`, `unreadable` for the files of the certificate
 */
export function createBoundServer(
  limits: Limits,
  tls: TlsFiles | undefined,
  tell: Tell = () => undefined,
): Server | SecureServer {
  const options = {
    requestTimeout: 0,
    headersTimeout: limits.headTimeout,
    connectionsCheckingInterval: Math.max(
      SHORTEST_CHECK,
      Math.min(LONGEST_CHECK, limits.headTimeout / 2),
    ),
  };
  const server =
    tls === undefined ? createServer(options) : secureServer(tls, options, limits, tell);
  const refuse = (socket: Socket, reason: string): void => {
    tell({ kind: "connection-refused", client: socket.remoteAddress ?? "", reason });
  };
  boundClients(server, limits, refuse);
  server.setTimeout(limits.idleTimeout * PATIENCE);
  server.on("clientError", (error: NodeJS.ErrnoException, socket: Socket) => {
    const late = error.code === "ERR_HTTP_REQUEST_TIMEOUT";
    // Any other connection error is reported by the request on that connection.
    if (late) refuse(socket, "the head of a request came too slowly");
    else if (error.code?.startsWith("HPE_") === true && !isGreetingInTls(error)) {
      refuse(socket, error.message);
    }
    const { _httpMessage: begun } = socket as { _httpMessage?: ServerResponse };
    if (socket.writable && begun?.headersSent !== true) {
      const status = late ? "408 Request Timeout" : "400 Bad Request";
      socket.write(`HTTP/1.1 ${status}\r\nconnection: close\r\ncontent-length: 0\r\n\r\n`);
    }
    socket.destroy();
  });
  server.on("tlsClientError", (error: NodeJS.ErrnoException, socket: Socket) => {
    const isPlain = error.code === "ERR_SSL_HTTP_REQUEST";
    // Who hangs up while greeting asked whether TLS is spoken here, or looked whether somebody listens.
    if (error.code !== "ECONNRESET")
      refuse(socket, isPlain ? "a request without TLS" : `no TLS connection: ${error.message}`);
    socket.destroy();
  });
  return server;
}

/** Whether a client asked whether TLS is spoken here, as docker and oci-kit do on loopback: no request that failed. */
function isGreetingInTls(error: object): boolean {
  const { rawPacket } = error as { readonly rawPacket?: Uint8Array };
  return rawPacket?.[0] === 0x16;
}

/** Counts the connections and requests of each client, and ends connections on which nothing happens. */
function boundClients(
  server: Server | SecureServer,
  limits: Limits,
  refuse: (socket: Socket, reason: string) => void,
): void {
  const connections = boundConnections(limits.clientConnections);
  /** A request that came by TLS has a socket of its own; this is the one beneath it, by its other end. */
  const beneath = new Map<string, Socket>();
  server.on("connection", (socket: Socket) => {
    const end = otherEndOf(socket);
    beneath.set(end, socket);
    socket.once("close", () => beneath.delete(end));
    if (connections.accept(socket)) return;
    refuse(socket, `more than ${limits.clientConnections} connections of one client at work`);
    // Where TLS is spoken, nobody would understand the words.
    if (server instanceof SecureServer) socket.destroy();
    else socket.end(REFUSAL, () => socket.destroy());
  });
  const working = new WeakMap<Socket, IncomingMessage>();
  server.on("request", (request: IncomingMessage, response: ServerResponse) => {
    const { socket } = request;
    const end = connections.begin(beneath.get(otherEndOf(socket)) ?? socket);
    working.set(socket, request);
    response.once("close", () => {
      working.delete(socket);
      end();
    });
  });
  server.on("timeout", (socket: Socket) => {
    // A request that has arrived whole is being stored. That may take a while, and the client can't speed it
    // up.
    if (working.get(socket)?.complete !== true) socket.destroy();
  });
}

function otherEndOf({ remoteAddress, remotePort }: Socket): string {
  return `${remoteAddress} ${remotePort}`;
}

/** At most every so many milliseconds a new connection asks whether the certificate has changed. */
const CERTIFICATE_AGE = 1_000;

function secureServer(
  tls: TlsFiles,
  options: object,
  { headTimeout }: Limits,
  tell: Tell,
): SecureServer {
  const read = certificateReader(tls);
  let current = read();
  let asked = Date.now();
  const server = createSecureServer({
    ...options,
    ...pemOf(current),
    handshakeTimeout: headTimeout,
  });
  // Before the server's own listener, which begins the handshake.
  server.prependListener("connection", () => {
    if (Date.now() - asked < CERTIFICATE_AGE) return;
    asked = Date.now();
    try {
      const now = read();
      if (now !== current) server.setSecureContext(pemOf(now));
      current = now;
    } catch (error) {
      // The one of the two files may have been replaced before the other: the old ones work on.
      if (!isOciError(error)) throw error;
      tell({ kind: "certificate-not-renewed", client: "", reason: error.message });
    }
  });
  return server;
}

function pemOf({ cert, key }: Certificate): { cert: Buffer; key: Buffer } {
  return { cert: Buffer.from(cert), key: Buffer.from(key) };
}
