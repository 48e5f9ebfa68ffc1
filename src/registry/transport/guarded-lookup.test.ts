// SPDX-License-Identifier: MIT
import { describe, expect, it } from "vitest";
import type { Resolve } from "../registry-options.ts";
import { createAddressGate } from "./address-gate.ts";
import { guardLookup } from "./guarded-lookup.ts";

/** The result of looking up a name that resolves to these addresses, for a public registry. */
function look(addresses: readonly string[], options: object): Promise<unknown> {
  const resolve: Resolve = (_, asked, done) => {
    const found = addresses.map((address) => ({ address, family: address.includes(":") ? 6 : 4 }));
    if ("all" in asked) done(null, found);
    else done(null, found[0]!.address, found[0]!.family);
  };
  const gate = createAddressGate(new URL("https://registry.example/"));
  const lookup = guardLookup(gate, false, resolve);
  return new Promise((resolved, reject) => {
    lookup("cdn.example", options, (error, found) => {
      if (error !== null) reject(error);
      else if (typeof found === "string") resolved([found]);
      else resolved(found.map(({ address }) => address));
    });
  });
}

describe.each([[{ all: true }], [{}]])("a name looked up with %j", (options) => {
  it("gives the addresses that the gate lets pass", async () => {
    expect(await look(["1.1.1.1"], options)).toEqual(["1.1.1.1"]);
  });
  it("is refused when it resolves to an address inside", async () => {
    const refused = look(["127.0.0.1"], options);
    await expect(refused).rejects.toMatchObject({ code: "redirect-refused" });
    await expect(refused).rejects.toThrow(/cdn\.example: .* got 127\.0\.0\.1, an address of this/);
  });
});

it("a name with one address outside and one inside is refused, whichever comes first", async () => {
  for (const both of [
    ["1.1.1.1", "10.0.0.1"],
    ["10.0.0.1", "1.1.1.1"],
  ]) {
    await expect(look(both, { all: true })).rejects.toMatchObject({ code: "redirect-refused" });
  }
});
