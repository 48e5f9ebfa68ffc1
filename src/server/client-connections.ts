// SPDX-License-Identifier: MIT
import { isIPv6, type Socket } from "node:net";

/** The connections of a registry, bounded for each client so that one leaves room for the others. */
export interface ClientConnections {
  /**
   * Takes a new connection in. At the client's bound the one of its connections that waits longest for a
   * request, or for the rest of its head, is ended in its place; false when all of them are at work.
   */
  accept(socket: Socket): boolean;
  /** A request begins on a connection. Call what comes back when it has ended. */
  begin(socket: Socket): () => void;
}

/** Who a client is: its address, and with IPv6 the network of it, of which anyone has all addresses (RFC 4291, 2.5.1). */
export function clientOf(address: string | undefined): string {
  const plain = (address ?? "").replace(/^::ffff:(?=\d+\.)|%.*$/g, "");
  if (!isIPv6(plain)) return plain;
  const [head = "", tail] = plain.split("::");
  const groups = head === "" ? [] : head.split(":");
  const after = tail === undefined || tail === "" ? [] : tail.split(":");
  const missing = tail === undefined ? 0 : 8 - groups.length - after.length;
  return [...groups, ...Array<string>(missing).fill("0"), ...after].slice(0, 4).join(":");
}

/** Creates the bounds: so many connections a client. */
export function boundConnections(most: number): ClientConnections {
  /** By client, in the order in which they came or ended their last request; how many requests run on each. */
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
