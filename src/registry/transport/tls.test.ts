// SPDX-License-Identifier: MIT
import { afterEach, beforeAll, describe, expect, it } from "vitest";
import {
  makeAuthority,
  makeCertificate,
  type Pair,
} from "../../../test/fixtures/network/signed-certificates.ts";
import { answer, startFaultyRegistry, type FaultyRegistry } from "../../testing/faulty-registry.ts";
import type { TransportOptions } from "../registry-options.ts";
import { openTransport } from "./transport.ts";

let authority: Pair;
let certificate: Pair;
const running: { close(): Promise<void> }[] = [];
beforeAll(async () => {
  authority = await makeAuthority();
  certificate = await makeCertificate(["127.0.0.1", "localhost"], { by: authority });
});
afterEach(async () => {
  for (const one of running.splice(0)) await one.close();
});

const RULE = { on: "GET /v2/", reply: answer(200, {}, "yes") } as const;
async function start(tls?: object): Promise<FaultyRegistry> {
  const registry = await startFaultyRegistry([RULE], { tls });
  running.push(registry);
  return registry;
}

/** Asks the registry, and gives the scheme that it was reached by. */
async function ask(host: string, options: TransportOptions = {}): Promise<string> {
  const transport = openTransport(host, {
    ...{ credentials: () => Promise.resolve(undefined), retry: { attempts: 1 }, tls: {} },
    ...options,
  });
  running.push(transport);
  const request = { method: "GET", target: "/v2/", expect: [200], repository: "a", scopes: [] };
  await transport.read(request as Parameters<typeof transport.read>[0], 10);
  return transport.origin.protocol;
}

describe("a registry on loopback", () => {
  it("is reached by https when it speaks TLS, without a word", async () => {
    const { host } = await start(certificate);
    expect(await ask(host, { tls: { authorities: [authority.cert] } })).toBe("https:");
  });
  it("is reached by http when it does not, and sees nothing but our request", async () => {
    const { host, requests } = await start();
    expect(await ask(host)).toBe("http:");
    expect(requests).toHaveLength(1);
  });
  it("is not asked in plain http when https is demanded", async () => {
    const { host, requests } = await start();
    const failed = ask(host, { scheme: "https" });
    await expect(failed).rejects.toMatchObject({
      code: "unreachable",
      hint: expect.stringMatching(/--plain-http/) as string,
    });
    expect(requests).toHaveLength(0);
  });
  it("that speaks TLS and is asked in plain http is told of with --https", async () => {
    const { host } = await start(certificate);
    const hint = expect.stringMatching(/speaks https, say so: --https/) as string;
    await expect(ask(host, { scheme: "http" })).rejects.toMatchObject({
      code: "unreachable",
      hint,
    });
  });
  it("is asked which it speaks once for many requests", async () => {
    const { host } = await start(certificate);
    const transport = openTransport(host, { tls: { anyCertificate: true } });
    running.push(transport);
    await Promise.all([transport.settled(), transport.settled()]);
    expect(transport.origin.href).toBe(`https://${host}/`);
  });
});

describe("a certificate", () => {
  const refusal = (code: string, hint: RegExp): object => ({
    code: "unreachable",
    details: { errno: code },
    hint: expect.stringMatching(hint) as string,
  });
  it("of an unknown authority is refused, with what to try", async () => {
    const { host } = await start(certificate);
    const expected = refusal(
      "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
      /--ca FILE.*\/etc\/containers\/certs\.d\/127\.0\.0\.1:\d+\/ca\.crt.*--insecure/,
    );
    await expect(ask(host)).rejects.toMatchObject(expected);
  });
  it("that signed itself is refused, and accepted where it is trusted", async () => {
    const own = await makeCertificate(["127.0.0.1"]);
    const { host } = await start(own);
    await expect(ask(host)).rejects.toMatchObject(
      refusal("DEPTH_ZERO_SELF_SIGNED_CERT", /--ca FILE/),
    );
    expect(await ask(host, { tls: { authorities: [own.cert] } })).toBe("https:");
  });
  it("of an authority that only the system knows is accepted at the second look", async () => {
    const { host } = await start(certificate);
    let looks = 0;
    const moreAuthorities = (): readonly string[] => {
      looks += 1;
      return [authority.cert];
    };
    expect(await ask(host, { tls: { moreAuthorities } })).toBe("https:");
    expect(await ask(host, { tls: { authorities: [authority.cert], moreAuthorities } })).toBe(
      "https:",
    );
    expect(looks).toBe(1);
  });
  it("for another name is refused, with both names", async () => {
    const other = await makeCertificate(["elsewhere.example"], { by: authority });
    const { host } = await start(other);
    const failed = ask(host, { tls: { authorities: [authority.cert] } });
    await expect(failed).rejects.toMatchObject(
      refusal("ERR_TLS_CERT_ALTNAME_INVALID", /for \(DNS:elsewhere\.example\); --insecure/),
    );
    await expect(failed).rejects.toThrow(/127\.0\.0\.1 is not in the cert's list/);
  });
  it("that has expired is refused", async () => {
    const old = await makeCertificate(["127.0.0.1"], { by: authority, expired: true });
    const { host } = await start(old);
    await expect(ask(host, { tls: { authorities: [authority.cert] } })).rejects.toMatchObject(
      refusal("CERT_HAS_EXPIRED", /renewed, or this machine's clock/),
    );
  });
  it("of any kind is accepted where that is wanted", async () => {
    const old = await makeCertificate(["elsewhere.example"], { expired: true });
    const { host } = await start(old);
    expect(await ask(host, { tls: { anyCertificate: true } })).toBe("https:");
  });
});

describe("a registry that wants a certificate of ours", () => {
  const wanting = (): object => ({ ...certificate, ca: authority.cert, requestCert: true });
  it("gets it, and others that it sends us to do not", async () => {
    const mine = await makeCertificate(["me"], { by: authority });
    const registry = await start(wanting());
    const { host } = registry;
    const other = await start(wanting());
    const tls = {
      authorities: [authority.cert],
      clientCertificates: [{ certificate: mine.cert, key: mine.key }],
    };
    expect(await ask(host, { tls })).toBe("https:");
    registry.rule({
      on: "GET /v2/",
      reply: answer(307, { location: `https://${other.host}/v2/` }),
    });
    await expect(ask(host, { tls })).rejects.toMatchObject({ code: "unreachable" });
    expect(other.requests).toHaveLength(0);
  });
  it("and gets none is told of with the file where it would be", async () => {
    const { host } = await start(wanting());
    const failed = ask(host, { tls: { authorities: [authority.cert] } });
    await expect(failed).rejects.toMatchObject({
      code: "unreachable",
      hint: expect.stringMatching(/certs\.d\/127\.0\.0\.1:\d+\/client\.cert/) as string,
    });
  });
});

it("an authority that is no PEM is named with the host", async () => {
  const { host } = await start(certificate);
  const failed = ask(host, { tls: { authorities: ["-----BEGIN CERTIFICATE-----\nx"] } });
  await expect(failed).rejects.toMatchObject({ code: "invalid-argument" });
  await expect(failed).rejects.toThrow(/certificates for 127\.0\.0\.1/);
});
