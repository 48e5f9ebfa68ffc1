// SPDX-License-Identifier: MIT
import type { Socket } from "node:net";
import { registryOrigin } from "../hosts.ts";
import type { Scheme } from "../registry-options.ts";
import type { Dial } from "./dial.ts";

/** Milliseconds until something that does not answer counts as not speaking TLS. */
const PATIENCE = 5_000;

/**
 * Finds out which protocol a registry speaks by asking in TLS: `https` if what comes back is TLS, `http` if
 * anything else comes or nothing. Nothing but a greeting is sent. Undefined when nobody can be connected to.
 */
export async function findScheme(
  registry: string,
  dial: Dial,
  patience: number,
): Promise<"http" | "https" | undefined> {
  let socket: Socket;
  try {
    socket = await dial.openPlain(registryOrigin(registry, "https"));
  } catch {
    return undefined;
  }
  const first = await firstByte(socket, Math.min(PATIENCE, patience));
  return first === HANDSHAKE || first === ALERT ? "https" : "http";
}

/**
 * Makes what finds out the scheme of a registry that may speak either, and changes `origin` to it: once, for all
 * who wait for it.
 */
export function settleScheme(
  registry: string,
  scheme: Scheme,
  origin: URL,
  dial: Dial,
  patience: number,
): () => Promise<void> {
  if (scheme !== "either") return () => Promise.resolve();
  let finding: Promise<void> | undefined;
  const find = async (): Promise<void> => {
    const found = await findScheme(registry, dial, patience);
    if (found !== undefined) origin.href = registryOrigin(registry, found).href;
    // Whoever could not be connected to is asked again with the next request.
    else finding = undefined;
  };
  return () => (finding ??= find());
}

const HANDSHAKE = 0x16;
const ALERT = 0x15;

function firstByte(socket: Socket, patience: number): Promise<number | undefined> {
  return new Promise((resolve) => {
    const answer = (byte: number | undefined): void => {
      clearTimeout(timer);
      socket.destroy();
      resolve(byte);
    };
    const timer = setTimeout(answer, patience, undefined);
    socket.once("data", (chunk: Buffer) => answer(chunk[0]));
    socket.on("error", () => answer(undefined)).once("close", () => answer(undefined));
    socket.write(clientHello());
  });
}

/**
 * The greeting of TLS 1.2 and 1.3 (RFC 8446, 4.1.2). Whoever speaks TLS answers it, be it with an alert. Made
 * here because Node's own would mean loading all of TLS (4 ms) for each registry without it. The end of a
 * request in HTTP is hidden in its random bytes, so that who speaks HTTP answers at once too.
 */
function clientHello(): Buffer {
  const random = Buffer.concat([randomBytes(12), Buffer.from("\r\n\r\n"), randomBytes(16)]);
  const suites = [0x1301, 0x1302, 0x1303, 0xc02b, 0xc02f, 0xc02c, 0xc030, 0x009c, 0x002f];
  const extensions = [
    extension(10, sized(2, words([0x001d, 0x0017, 0x0018]))), // groups
    extension(13, sized(2, words([0x0403, 0x0804, 0x0401, 0x0503, 0x0805, 0x0501]))), // signatures
    extension(43, sized(1, words([0x0304, 0x0303]))), // versions
    extension(51, sized(2, Buffer.alloc(0))), // no key yet: the answer asks for one
  ];
  const body = Buffer.concat([
    words([0x0303]),
    random,
    sized(1, randomBytes(32)),
    sized(2, words(suites)),
    sized(1, Buffer.from([0])),
    sized(2, Buffer.concat(extensions)),
  ]);
  const hello = Buffer.concat([Buffer.from([1, 0]), sized(2, body)]);
  return Buffer.concat([Buffer.from([HANDSHAKE, 3, 1]), sized(2, hello)]);
}

function extension(type: number, content: Buffer): Buffer {
  return Buffer.concat([words([type]), sized(2, content)]);
}

/** Not for secrets: nothing is ever encrypted with them, and loading node:crypto takes 2 ms. */
function randomBytes(count: number): Buffer {
  return Buffer.from(Array.from({ length: count }, () => Math.floor(Math.random() * 256)));
}

/** The content after its length, which takes one or two bytes. */
function sized(bytes: 1 | 2, content: Buffer): Buffer {
  const length = Buffer.alloc(bytes);
  length.writeUIntBE(content.length, 0, bytes);
  return Buffer.concat([length, content]);
}

function words(values: readonly number[]): Buffer {
  return Buffer.from(values.flatMap((value) => [value >> 8, value & 0xff]));
}
