// SPDX-License-Identifier: MIT
import type { Socket } from "node:net";
import { escapeText } from "../../bytes/byte-string.ts";
import { proxyAuthorization } from "../machine/proxy-authorization.ts";

/** The longest head of a proxy's answer. */
const HEAD_BYTES = 16 * 1024;

/**
 * Asks a proxy to connect to `authority` (`host:port`) and to pass on bytes from then on (RFC 9110, 9.3.6).
 * @param socket connected to the proxy; the caller destroys it on failure
 * @throws ProxyError; errors of the socket
 */
export async function openTunnel(socket: Socket, proxy: URL, authority: string): Promise<void> {
  const authorization = proxyAuthorization(proxy);
  const lines = [
    `CONNECT ${authority} HTTP/1.1`,
    `Host: ${authority}`,
    ...(authorization === undefined ? [] : [`Proxy-Authorization: ${authorization}`]),
  ];
  socket.write(`${lines.join("\r\n")}\r\n\r\n`);
  const head = await readHead(socket, proxy);
  const [, status, reason] = /^HTTP\/1\.[01] (\d{3})(?: ([^\r\n]*))?/.exec(head) ?? [];
  if (status === undefined) throw noProxy(proxy);
  if (!status.startsWith("2")) throw proxyRefused(proxy, authority, Number(status), reason);
}

/** A proxy that can't be reached, or does not let us through. `code` is that of the system or of TLS. */
export class ProxyError extends Error {
  override readonly name = "ProxyError";
  readonly code: string | undefined;
  readonly hint: string;

  constructor(proxy: URL, got: string, options: ErrorOptions & { code?: string; hint: string }) {
    super(`proxy ${proxy.host}: ${got}`, options);
    this.code = options.code;
    this.hint = options.hint;
  }
}

/** The error for a proxy's own answer in place of the registry's. */
export function proxyRefused(
  proxy: URL,
  authority: string,
  status: number,
  words = "",
): ProxyError {
  const hasUser = proxy.username !== "";
  const hint =
    status !== 407
      ? `If ${authority} is reached without a proxy, name it in NO_PROXY.`
      : hasUser
        ? "The user or the password in HTTPS_PROXY or HTTP_PROXY is not right."
        : "The proxy wants a user: http://USER:PASSWORD@HOST:PORT in HTTPS_PROXY or HTTP_PROXY";
  const said = escapeText(words.slice(0, 200));
  return new ProxyError(proxy, `status ${status}${said && ` ${said}`}`, {
    hint,
    ...(PASSING.has(status) && { code: "ECONNRESET" }),
  });
}

/** A proxy answers these where the registry can't be reached right now. */
const PASSING = new Set([502, 503, 504]);

/** The error for what listens at the proxy's address and speaks no HTTP, or hangs up. */
function noProxy(proxy: URL): ProxyError {
  const hint = "Does a proxy for HTTP listen there? HTTPS_PROXY and HTTP_PROXY name it.";
  return new ProxyError(proxy, "expected an answer in HTTP, got something else", { hint });
}

/** Reads up to the empty line, and leaves what follows in the socket. */
function readHead(socket: Socket, proxy: URL): Promise<string> {
  return new Promise((resolve, reject) => {
    let head = Buffer.alloc(0);
    const finish = (): void => {
      socket.off("readable", read).off("error", reject).off("end", end);
    };
    const end = (): void => {
      finish();
      reject(noProxy(proxy));
    };
    const read = (): void => {
      for (let chunk; (chunk = socket.read() as Buffer | null) !== null;) {
        head = Buffer.concat([head, chunk]);
        const after = head.indexOf("\r\n\r\n");
        // Who speaks something else may wait for us, and would never send an empty line.
        const isHttp = "HTTP/".startsWith(head.toString("latin1", 0, 5));
        if (after < 0 && isHttp && head.length <= HEAD_BYTES) continue;
        finish();
        if (after < 0) reject(noProxy(proxy));
        else {
          socket.unshift(head.subarray(after + 4));
          resolve(head.toString("latin1", 0, after));
        }
        return;
      }
    };
    socket.on("readable", read).on("error", reject).on("end", end);
  });
}
