// SPDX-License-Identifier: MIT
import { connect } from "node:net";
import type { Socket } from "node:net";

/** A connection on which a test can send any bytes. */
export interface RawConnection {
  readonly socket: Socket;
  write(text: string | Uint8Array): void;
  /** Resolves with everything received once the other side has closed or broken the connection. */
  readonly ended: Promise<string>;
}

/** Connects, and sends nothing. For tests of servers. */
export async function connectRaw({
  host,
  port,
}: {
  readonly host: string;
  readonly port: number;
}): Promise<RawConnection> {
  const socket = connect(port, host);
  let text = "";
  socket.on("data", (chunk: Buffer) => (text += chunk.toString("latin1")));
  socket.on("error", () => undefined);
  const ended = new Promise<string>((resolve) => socket.once("close", () => resolve(text)));
  await new Promise((resolve) => socket.once("connect", resolve));
  return { socket, write: (words) => void socket.write(words), ended };
}

/** Sends bytes as they are, and returns everything received until the other side closes the connection. */
export async function askRaw(
  server: { readonly host: string; readonly port: number },
  text: string | Uint8Array,
): Promise<string> {
  const connection = await connectRaw(server);
  connection.write(text);
  return connection.ended;
}
