// SPDX-License-Identifier: MIT
import { createServer } from "node:http";
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import type { Limits } from "../oci/limits.ts";
import { boundConnections } from "./client-connections.ts";
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

/**
 * Makes a server that no single client can occupy completely. The number of connections is limited, the
 * head of a request has a deadline, and an idle connection is closed unless the server itself is still
 * working. A whole request has no deadline: a layer may take hours, as long as its body keeps to the minimum
 * rate.
 */
export function createBoundServer(
  limits: Limits,
  tell: ((event: ServerEvent) => void) | undefined,
): Server {
  const connections = boundConnections(limits.clientConnections);
  const server = createServer({
    requestTimeout: 0,
    headersTimeout: limits.headTimeout,
    connectionsCheckingInterval: Math.max(
      SHORTEST_CHECK,
      Math.min(LONGEST_CHECK, limits.headTimeout / 2),
    ),
  });
  const refuse = (socket: Socket, reason: string): void => {
    tell?.({ kind: "connection-refused", client: socket.remoteAddress ?? "", reason });
  };
  server.on("connection", (socket: Socket) => {
    if (connections.accept(socket)) return;
    refuse(socket, `more than ${limits.clientConnections} connections of one client at work`);
    socket.end(REFUSAL, () => socket.destroy());
  });
  const working = new WeakMap<Socket, IncomingMessage>();
  server.on("request", (request: IncomingMessage, response: ServerResponse) => {
    const { socket } = request;
    const end = connections.begin(socket);
    working.set(socket, request);
    response.once("close", () => {
      working.delete(socket);
      end();
    });
  });
  server.setTimeout(limits.idleTimeout * PATIENCE);
  server.on("timeout", (socket: Socket) => {
    // A request that has arrived whole is being stored. That may take a while, and the client can't speed it
    // up.
    if (working.get(socket)?.complete !== true) socket.destroy();
  });
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
  return server;
}

/** Whether a client asked whether TLS is spoken here, as docker and oci-kit do on loopback: no request that failed. */
function isGreetingInTls(error: object): boolean {
  const { rawPacket } = error as { readonly rawPacket?: Uint8Array };
  return rawPacket?.[0] === 0x16;
}
