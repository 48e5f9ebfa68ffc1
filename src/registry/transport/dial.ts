// SPDX-License-Identifier: MIT
import { lookup } from "node:dns";
import { connect, isIP, type OnReadOpts, type Socket } from "node:net";
import type * as NodeTls from "node:tls";
import type { FindProxy, Resolve } from "../registry-options.ts";
import type { AddressGate } from "./address-gate.ts";
import { guardLookup } from "./guarded-lookup.ts";
import { isUnknownAuthority, type Trust, type TrustedHost } from "./trust.ts";
import { openTunnel, ProxyError } from "./tunnel.ts";

/** As many bytes as undici's own connections buffer. Node 20 buffers a quarter of that. */
const BUFFERED = { highWaterMark: 64 * 1024 };
/** What TLS decrypts comes in records of 16 KiB: a reader takes this many bytes of them at once. */
const DECRYPTED = { highWaterMark: 1024 * 1024 };

/** What {@link createDial} takes. */
export interface DialOptions {
  readonly origin: URL;
  /** Milliseconds until a connection must stand, TLS and proxy included. */
  readonly timeout: number;
  readonly proxy: FindProxy;
  readonly trust: Trust;
  readonly gate: AddressGate;
  readonly resolve?: Resolve | undefined;
}

/** Opens connections on behalf of one registry: to itself, and to where it sends us. */
export interface Dial {
  /** A connection over which requests can be sent: encrypted for https. */
  open(target: URL): Promise<Socket>;
  /** A connection to the host and port of the URL, directly or through a proxy, that nothing was sent over yet. */
  openPlain(target: URL): Promise<Socket>;
  /** As `openPlain`, without a proxy. What arrives is handed to `onread` instead of the socket's readers. */
  readonly openDirect: (target: URL, onread: OnReadOpts) => Promise<Socket>;
}

/**
 * Creates the one place where connections are made, so that no address is connected to unjudged: the address
 * itself where we connect, the name where a proxy does. Every failure rejects: errors of the system and of
 * TLS as they are, `ProxyError` for what happens at a proxy, OciError `redirect-refused` for an address.
 */
export function createDial(options: DialOptions): Dial {
  const sessions = new Map<string, Buffer>();
  const timed = <T>(target: URL, open: (onSocket: (socket: Socket) => void) => Promise<T>) =>
    withTimeout(options.timeout, target, options.proxy(target), open);

  const open = async (target: URL, onSocket: (socket: Socket) => void): Promise<Socket> => {
    const isOwn = target.origin === options.origin.origin;
    const plain = await openPlain(options, target, onSocket);
    const settled = (socket: Socket): Socket => {
      if (isOwn && plain.remoteAddress !== undefined && options.proxy(target) === undefined) {
        options.gate.settle(plain.remoteAddress);
      }
      return socket;
    };
    if (target.protocol === "http:") return settled(plain);
    const tls = loadTls();
    const trusted = options.trust.for(tls, target, isOwn);
    try {
      return settled(await encrypt(tls, plain, target, trusted, sessions));
    } catch (error) {
      const code = error instanceof Error && "code" in error ? error.code : undefined;
      const wider = isUnknownAuthority(code) ? trusted.widen() : undefined;
      if (wider === undefined) throw error;
      const again = await openPlain(options, target, onSocket);
      const socket = await encrypt(tls, again, target, wider, sessions);
      options.trust.remember(target, isOwn, wider);
      return settled(socket);
    }
  };
  return {
    open: (target) => timed(target, (onSocket) => open(target, onSocket)),
    openPlain: (target) => timed(target, (onSocket) => openPlain(options, target, onSocket)),
    openDirect: (target, onread) =>
      timed(target, (onSocket) => openDirect(options, target, onSocket, onread)),
  };
}

/** To the target itself, or through a proxy. A plain request goes to the proxy as it is, without a tunnel. */
async function openPlain(
  options: DialOptions,
  target: URL,
  onSocket: (socket: Socket) => void,
): Promise<Socket> {
  const { gate, origin } = options;
  const isOwn = target.origin === origin.origin;
  const proxy = options.proxy(target);
  if (proxy === undefined) return openDirect(options, target, onSocket);
  const reason = isOwn ? undefined : gate.refusalByName(target.hostname);
  if (reason !== undefined) throw gate.error(target.hostname, reason);
  return openProxied(options, target, proxy, onSocket);
}

async function openDirect(
  options: DialOptions,
  target: URL,
  onSocket: (socket: Socket) => void,
  onread?: OnReadOpts,
): Promise<Socket> {
  const { gate, origin } = options;
  const isOwn = target.origin === origin.origin;
  const host = bareHost(target);
  const reason = isIP(host) === 0 ? undefined : gate.refusal(host, isOwn);
  if (reason !== undefined) throw gate.error(host, reason);
  const resolve = guardLookup(gate, isOwn, options.resolve ?? lookup);
  const to = { host, port: portOf(target), lookup: resolve, ...BUFFERED };
  return connected(connect(onread === undefined ? to : { ...to, onread }), onSocket);
}

async function openProxied(
  { trust }: DialOptions,
  target: URL,
  proxy: URL,
  onSocket: (socket: Socket) => void,
): Promise<Socket> {
  const to = { host: bareHost(proxy), port: portOf(proxy) };
  try {
    let socket = await connected(connect({ ...to, ...BUFFERED }), onSocket);
    if (proxy.protocol === "https:") {
      const tls = loadTls();
      socket = await encrypt(tls, socket, proxy, trust.for(tls, proxy, false), new Map());
    }
    if (target.protocol === "https:") {
      await openTunnel(socket, proxy, `${target.hostname}:${portOf(target)}`);
    }
    return socket;
  } catch (error) {
    throw error instanceof Error ? proxyFailed(proxy, error) : error;
  }
}

/** Names the proxy as the place where it happened: otherwise it reads as the registry's failure. */
function proxyFailed(proxy: URL, cause: Error): ProxyError {
  if (cause instanceof ProxyError) return cause;
  const code = "code" in cause && typeof cause.code === "string" ? cause.code : undefined;
  const hint = "HTTPS_PROXY and HTTP_PROXY name the proxy; NO_PROXY what is reached without it.";
  return new ProxyError(proxy, cause.message || `${code}`, { cause, hint, ...(code && { code }) });
}

function connected(socket: Socket, onSocket: (socket: Socket) => void): Promise<Socket> {
  onSocket(socket);
  socket.setNoDelay(true).setKeepAlive(true, 60_000);
  return new Promise((resolve, reject) => {
    socket.once("error", reject).once("connect", () => {
      socket.off("error", reject);
      resolve(socket);
    });
  });
}

type Tls = typeof NodeTls;

/** Loaded when it is needed (4 ms). Not by `import()`, which the program's code cache does not know. */
function loadTls(): Tls {
  return process.getBuiltinModule("node:tls");
}

function encrypt(
  tls: Tls,
  plain: Socket,
  target: URL,
  { context, anyCertificate }: TrustedHost,
  sessions: Map<string, Buffer>,
): Promise<NodeTls.TLSSocket> {
  const hostname = bareHost(target);
  const session = sessions.get(target.host);
  const socket = tls.connect({
    socket: plain,
    host: hostname,
    servername: isIP(hostname) === 0 ? hostname : "",
    secureContext: context,
    rejectUnauthorized: !anyCertificate,
    ALPNProtocols: ["http/1.1"],
    ...DECRYPTED,
    ...(session !== undefined && { session }),
  });
  socket.on("session", (next: Buffer) => void sessions.set(target.host, next));
  return new Promise((resolve, reject) => {
    const fail = (error: Error): void => {
      plain.destroy();
      reject(error);
    };
    socket.once("error", fail).once("secureConnect", () => {
      socket.off("error", fail);
      resolve(socket);
    });
  });
}

/** Runs `open`, and destroys the sockets that it made when it fails or takes too long. */
async function withTimeout<T>(
  milliseconds: number,
  target: URL,
  proxy: URL | undefined,
  open: (onSocket: (socket: Socket) => void) => Promise<T>,
): Promise<T> {
  const sockets: Socket[] = [];
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      const message = `no connection to ${target.host} within ${milliseconds} ms`;
      const error = Object.assign(new Error(message), { code: "ETIMEDOUT" });
      reject(proxy === undefined ? error : proxyFailed(proxy, error));
    }, milliseconds);
  });
  try {
    return await Promise.race([open((socket) => sockets.push(socket)), late]);
  } catch (error) {
    for (const socket of sockets) socket.on("error", () => undefined).destroy();
    throw error;
  } finally {
    clearTimeout(timer);
  }
}

function bareHost({ hostname }: URL): string {
  return hostname.replace(/^\[|\]$/g, "");
}

function portOf({ port, protocol }: URL): number {
  return Number(port || (protocol === "https:" ? 443 : 80));
}
