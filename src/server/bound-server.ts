// SPDX-License-Identifier: MIT
import { createServer } from "node:http";
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import type { Limits } from "../oci/limits.ts";
import { boundConnections } from "./client-connections.ts";
import type { ServerEvent } from "./server-event.ts";

/** The shortest and the longest time between two looks at the heads that are under way, in milliseconds. */
const SHORTEST_CHECK = 20;
const LONGEST_CHECK = 5_000;
/** How often longer than a registry's answer a client's next byte is waited for. */
const PATIENCE = 2;

const REFUSAL = [
  "HTTP/1.1 429 Too Many Requests",
  "retry-after: 10",
  "connection: close",
  "content-length: 0",
  "\r\n",
].join("\r\n");

/**
 * Makes a server on which a client can hold only a part: its connections are bounded, the head of a
 * request has a deadline, and a connection on which nothing moves is ended, unless it is the server that
 * works. A whole request has no deadline: a layer may take hours, at the least rate of its body.
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
    // What was sent whole is being stored: that may take a while, and is not the client's doing.
    if (working.get(socket)?.complete !== true) socket.destroy();
  });
  server.on("clientError", (error: NodeJS.ErrnoException, socket: Socket) => {
    const late = error.code === "ERR_HTTP_REQUEST_TIMEOUT";
    // Whatever else breaks a connection is news of the request on it, which says so itself.
    if (late) refuse(socket, "the head of a request came too slowly");
    else if (error.code?.startsWith("HPE_") === true) refuse(socket, error.message);
    const { _httpMessage: begun } = socket as { _httpMessage?: ServerResponse };
    if (socket.writable && begun?.headersSent !== true) {
      const status = late ? "408 Request Timeout" : "400 Bad Request";
      socket.write(`HTTP/1.1 ${status}\r\nconnection: close\r\ncontent-length: 0\r\n\r\n`);
    }
    socket.destroy();
  });
  return server;
}
