// SPDX-License-Identifier: MIT
import { afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { makeCertificate, type Pair } from "../../../test/fixtures/network/signed-certificates.ts";
import {
  startProxy,
  type TestProxy,
  type TestProxyOptions,
} from "../../../test/fixtures/network/http-proxy.ts";
import { answer, startFaultyRegistry, type FaultyRegistry } from "../../testing/faulty-registry.ts";
import type { TransportOptions } from "../registry-options.ts";
import { openTransport } from "./transport.ts";

let certificate: Pair;
let registry: FaultyRegistry;
let proxy: TestProxy;
const running: { close(): Promise<void> }[] = [];
beforeAll(async () => {
  certificate = await makeCertificate(["registry.example"]);
});
beforeEach(() => start(certificate));
afterEach(async () => {
  for (const one of running.splice(0).reverse()) await one.close();
});

/** Starts a registry, and a proxy to which every name is that registry. */
async function start(tls: Pair | undefined, options: TestProxyOptions = {}): Promise<void> {
  registry = await startFaultyRegistry([{ on: "GET /v2/", reply: answer(200, {}, "yes") }], {
    tls,
  });
  proxy = await startProxy({ to: () => registry.host, ...options });
  running.push(registry, proxy);
}

async function ask(url: URL, options: TransportOptions = {}): Promise<string> {
  const transport = openTransport("registry.example", {
    ...{ credentials: () => Promise.resolve(undefined), retry: { attempts: 1 } },
    tls: { authorities: [certificate.cert] },
    proxy: () => url,
    ...options,
  });
  running.push(transport);
  const request = { method: "GET", target: "/v2/", expect: [200], repository: "a", scopes: [] };
  const { bytes } = await transport.read(request as Parameters<typeof transport.read>[0], 10);
  return new TextDecoder().decode(bytes);
}

function withUser(url: URL, username: string, password: string): URL {
  return Object.assign(new URL(url), { username, password });
}
/** Of the user `me@corp` with the password `p:w d`. */
const AUTHORIZATION = `Basic ${Buffer.from("me@corp:p:w d").toString("base64")}`;

describe("a registry behind a proxy", () => {
  it("is reached by https through a tunnel, and the proxy sees its name alone", async () => {
    expect(await ask(proxy.url)).toBe("yes");
    expect(proxy.asked).toEqual(["CONNECT registry.example:443"]);
    expect(registry.requests).toHaveLength(1);
  });
  it("is reached by plain http with the whole URL, as proxies expect it", async () => {
    await start(undefined);
    expect(await ask(proxy.url, { scheme: "http" })).toBe("yes");
    expect(proxy.asked).toEqual(["GET http://registry.example/v2/"]);
    expect(registry.requests[0]?.headers["host"]).toBe("registry.example");
  });
  it("is reached through a proxy that speaks TLS itself", async () => {
    await start(certificate, { tls: await makeCertificate(["127.0.0.1"]) });
    expect(await ask(proxy.url, { tls: { anyCertificate: true } })).toBe("yes");
    expect(proxy.asked).toEqual(["CONNECT registry.example:443"]);
  });
  it.each(["https", "http"] as const)("is reached by %s with the proxy's user", async (scheme) => {
    const tls = scheme === "https" ? certificate : undefined;
    await start(tls, { authorization: AUTHORIZATION });
    const url = withUser(proxy.url, "me@corp", "p:w d");
    expect(await ask(url, { scheme })).toBe("yes");
    expect(registry.requests[0]?.headers).not.toHaveProperty("proxy-authorization");
  });
});

describe("a proxy that", () => {
  it.each(["https", "http"] as const)(
    "wants a user is named with what to set (%s)",
    async (scheme) => {
      await start(scheme === "https" ? certificate : undefined, { authorization: AUTHORIZATION });
      const failed = ask(proxy.url, { scheme });
      await expect(failed).rejects.toMatchObject({
        code: "unreachable",
        hint: expect.stringMatching(
          /http:\/\/USER:PASSWORD@HOST:PORT in HTTPS_PROXY or HTTP_PROXY/,
        ) as string,
      });
      await expect(failed).rejects.toThrow(`proxy ${proxy.url.host}: status 407`);
    },
  );
  it("refuses the user is named without the password", async () => {
    await start(certificate, { authorization: AUTHORIZATION });
    const failed = ask(withUser(proxy.url, "me", "s3cret"));
    await expect(failed).rejects.toMatchObject({
      hint: expect.stringMatching(/not right/) as string,
    });
    const error: unknown = await failed.catch((thrown: unknown) => thrown);
    const shown = JSON.stringify([
      error,
      String(error),
      (error as Error).cause,
      (error as Error).stack,
    ]);
    expect(shown).not.toMatch(/s3cret|bWU6czNjcmV0/);
  });
  it("refuses the registry is named, with NO_PROXY", async () => {
    await start(certificate, { refuses: "403 Forbidden by policy" });
    const failed = ask(proxy.url);
    await expect(failed).rejects.toThrow(/proxy 127\.0\.0\.1:\d+: status 403 Forbidden by policy/);
    await expect(failed).rejects.toMatchObject({
      hint: expect.stringMatching(/registry\.example:443 .* NO_PROXY/) as string,
    });
  });
  it("can't be reached is named, and not the registry", async () => {
    await proxy.close();
    const failed = ask(proxy.url);
    await expect(failed).rejects.toThrow(
      /ECONNREFUSED.*proxy 127\.0\.0\.1|proxy 127.*ECONNREFUSED/,
    );
    await expect(failed).rejects.toMatchObject({
      hint: expect.stringMatching(/HTTPS_PROXY and HTTP_PROXY name the proxy/) as string,
    });
  });
  it("speaks no HTTP is named", async () => {
    const { host } = registry; // speaks TLS
    await expect(ask(new URL(`http://${host}`))).rejects.toThrow(/expected an answer in HTTP/);
  });
  it("can't reach the registry right now is asked again", async () => {
    await start(certificate, { refuses: "503 Service Unavailable" });
    await expect(ask(proxy.url, { retry: { attempts: 3, delay: 1 } })).rejects.toThrow(
      /status 503/,
    );
    expect(proxy.asked).toHaveLength(3);
  });
});
