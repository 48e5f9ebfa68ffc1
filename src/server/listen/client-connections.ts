// SPDX-License-Identifier: MIT
import { isIPv6, type Socket } from "node:net";

/** The connections of a registry, limited per client so that one client leaves room for the others. */
export interface ClientConnections {
  /**
   * Admits a new connection. When the client is at its limit, the connection that has waited longest for a
   * request (or for the rest of its head) is closed to make room. False when all of its connections are at
   * work.
   */
  accept(socket: Socket): boolean;
  /** Marks a request as begun on a connection. Call the returned function when the request has ended. */
  begin(socket: Socket): () => void;
}

/**
 * What identifies a client: its IPv4 address, or its IPv6 network, because one host has all addresses of such
 * a network (RFC 4291, 2.5.1).
 */
export function clientOf(address: string | undefined): string {
  const plain = (address ?? "").replace(/^::ffff:(?=\d+\.)|%.*$/g, "");
  if (!isIPv6(plain)) return plain;
  const [head = "", tail] = plain.split("::");
  const groups = head === "" ? [] : head.split(":");
  const after = tail === undefined || tail === "" ? [] : tail.split(":");
  const missing = tail === undefined ? 0 : 8 - groups.length - after.length;
  return [...groups, ...Array<string>(missing).fill("0"), ...after].slice(0, 4).join(":");
}

/** Limits each client to `most` connections. */
export function boundConnections(most: number): ClientConnections {
  /**
   * For each client its connections, in the order in which they came or ended their last request, with the
   * number of requests that run on each.
   */
  const clients = new Map<string, Map<Socket, number>>();

  const leave = (client: string, socket: Socket): void => {
    const sockets = clients.get(client);
    sockets?.delete(socket);
    if (sockets?.size === 0) clients.delete(client);
  };
  const makeRoom = (sockets: Map<Socket, number>): boolean => {
    if (sockets.size < most) return true;
    for (const [socket, running] of sockets) {
      if (running > 0) continue;
      sockets.delete(socket);
      socket.destroy();
      return true;
    }
    return false;
  };

  return {
    accept: (socket) => {
      const client = clientOf(socket.remoteAddress);
      const sockets = clients.get(client) ?? new Map<Socket, number>();
      if (!makeRoom(sockets)) return false;
      clients.set(client, sockets.set(socket, 0));
      socket.once("close", () => leave(client, socket));
      return true;
    },
    begin: (socket) => {
      const sockets = clients.get(clientOf(socket.remoteAddress));
      const count = (change: number): void => {
        const running = sockets?.get(socket);
        if (running === undefined) return;
        sockets?.delete(socket);
        sockets?.set(socket, running + change);
      };
      count(1);
      return () => count(-1);
    },
  };
}
