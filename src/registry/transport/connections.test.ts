// SPDX-License-Identifier: MIT
import type { LookupAddress } from "node:dns";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { answer, bearerChallenge, startFaultyRegistry } from "../../testing/faulty-registry.ts";
import type { FaultyRegistry } from "../../testing/faulty-registry.ts";
import { guardLookup } from "./connections.ts";
import type { Resolve } from "./connections.ts";
import { openTransport } from "./transport.ts";
import type { Transport } from "./transport.ts";

/** The result of looking up a name that resolves to these addresses. */
function look(addresses: readonly string[], origin: string): Promise<unknown> {
  const resolve: Resolve = (_, options, done) => {
    const found = addresses.map((address) => ({ address, family: address.includes(":") ? 6 : 4 }));
    if ("all" in options) done(null, found);
    else done(null, found[0]!.address, found[0]!.family);
  };
  const lookup = guardLookup(new URL(origin), resolve);
  return new Promise((resolved, reject) => {
    lookup("cdn.example", { all: true }, (error, found) => {
      if (error === null) resolved((found as LookupAddress[]).map(({ address }) => address));
      else reject(error);
    });
  });
}

describe("a name that a registry sends us to", () => {
  it.each(["169.254.169.254", "fd00:ec2::254", "fe80::1%eth0", "::ffff:169.254.169.254"])(
    "is not connected to when it resolves to %s",
    async (address) => {
      for (const origin of ["https://registry.example", "http://127.0.0.1:5000"]) {
        for (const found of [[address], ["1.1.1.1", address]]) {
          await expect(look(found, origin)).rejects.toMatchObject({ code: "redirect-refused" });
        }
      }
    },
  );
  it.each(["127.0.0.1", "::1", "0.0.0.0", "::"])(
    "is refused when it resolves to this machine (%s), unless the registry is on this machine too",
    async (address) => {
      const far = look([address], "https://registry.example");
      await expect(far).rejects.toMatchObject({ code: "redirect-refused" });
      expect(await look([address], "http://127.0.0.1:5000")).toEqual([address]);
    },
  );
  it("may resolve to a private network, as names inside a company do", async () => {
    expect(await look(["10.1.2.3"], "https://registry.example")).toEqual(["10.1.2.3"]);
  });
});

describe("a registry on this machine", () => {
  let registry: FaultyRegistry;
  let transport: Transport;
  beforeEach(async () => {
    registry = await startFaultyRegistry();
    transport = openTransport(registry.host, {
      credentials: () => Promise.resolve(undefined),
      retry: { attempts: 1 },
    });
  });
  afterEach(async () => {
    await transport.close();
    await registry.close();
  });
  const get = {
    method: "GET",
    target: "/v2/a",
    expect: [200],
    repository: "a",
    scopes: [],
  } as const;

  it("can't redirect us to the cloud metadata address", async () => {
    const location = "http://169.254.169.254/latest/meta-data/iam/security-credentials/";
    registry.rule({ on: "GET /v2/a", reply: answer(307, { location }) });
    await expect(transport.send(get)).rejects.toMatchObject({ code: "redirect-refused" });
  });

  it("can't name the cloud metadata address as its token endpoint", async () => {
    registry.rule({ on: "GET /v2/a", reply: bearerChallenge("http://169.254.169.254/token") });
    await expect(transport.send(get)).rejects.toMatchObject({ code: "redirect-refused" });
  });

  it("may send us to another port of this machine by name", async () => {
    const other = await startFaultyRegistry([{ on: "GET /there", reply: answer(200, {}, "yes") }]);
    const location = `http://localhost:${other.host.split(":")[1]}/there`;
    registry.rule({ on: "GET /v2/a", reply: answer(307, { location }) });
    const { bytes } = await transport.read(get, 10);
    expect(new TextDecoder().decode(bytes)).toBe("yes");
    await other.close();
  });
});
