// SPDX-License-Identifier: MIT
import { once } from "node:events";
import { connect, createServer, type AddressInfo } from "node:net";
import { expect, it } from "vitest";
import { openConnection } from "./connection.ts";

it("a connection that rests between many requests gathers no listeners, and ends when it has rested for too long", async () => {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const socket = connect((server.address() as AddressInfo).port, "127.0.0.1");
  await once(socket, "connect");
  const connection = openConnection(socket, 60_000);
  for (let request = 0; request < 20; request += 1) {
    connection.rest(60_000);
    expect(connection.resume()).toBe(true);
  }
  expect(socket.listenerCount("timeout")).toBe(0);
  connection.rest(1);
  await once(socket, "close");
  expect(connection.resume()).toBe(false);
  server.close();
});
