// SPDX-License-Identifier: MIT
import { describe, expect, it } from "vitest";
import { createAddressGate, type AddressGate } from "./address-gate.ts";

/** The gate of a registry that was connected to at this address. */
function gateAt(address: string, host = "registry.example"): AddressGate {
  const gate = createAddressGate(new URL(`https://${host}/`));
  gate.settle(address);
  return gate;
}

const ADDRESS = { public: "1.1.1.1", private: "10.1.2.3", machine: "127.0.0.1" };
const METADATA = ["169.254.169.254", "fd00:ec2::254", "fe80::1%eth0", "::ffff:169.254.169.254"];

describe("a place that a registry sends us to", () => {
  it.each([
    ["public", "public", true],
    ["public", "private", false],
    ["public", "machine", false],
    ["private", "public", true],
    ["private", "private", true],
    ["private", "machine", false],
    ["machine", "public", true],
    ["machine", "private", true],
    ["machine", "machine", true],
  ] as const)("from a %s address to a %s one: %s", (from, to, may) => {
    expect(gateAt(ADDRESS[from]).refusal(ADDRESS[to], false) === undefined).toBe(may);
  });
  it.each(METADATA)("is never %s", (address) => {
    for (const from of Object.values(ADDRESS)) {
      expect(gateAt(from).refusal(address, false)).toMatch(/cloud metadata/);
    }
  });
  it.each(["0.0.0.0", "::", "::1", "127.8.8.8", "::ffff:127.0.0.1"])(
    "is not this machine as %s, unless the registry is there",
    (address) => {
      expect(gateAt("10.1.1.1").refusal(address, false)).toMatch(/this machine/);
      expect(gateAt("::1").refusal(address, false)).toBeUndefined();
    },
  );
  it("is judged as from a public registry while nobody has connected to that", () => {
    const gate = createAddressGate(new URL("https://registry.example/"));
    expect(gate.refusal("10.1.2.3", false)).toMatch(/private network/);
    expect(gate.refusal("1.1.1.1", false)).toBeUndefined();
  });
});

describe("a place that a proxy would connect to for a registry", () => {
  const gate = createAddressGate(new URL("https://registry.example/"));
  it.each([
    "10.0.0.1",
    "[::1]",
    "localhost",
    "x.localhost",
    "169.254.169.254",
    "metadata.google.internal",
  ])("is not %s", (host) => {
    expect(gate.refusalByName(host)).toBeDefined();
  });
  it("may have any other name, since the proxy alone knows its address", () => {
    expect(gate.refusalByName("cdn.example")).toBeUndefined();
  });
});

describe("the registry's own name", () => {
  it.each(METADATA)("does not lead to %s", (address) => {
    const gate = createAddressGate(new URL("https://registry.example/"));
    expect(gate.refusal(address, true)).toMatch(/cloud metadata/);
  });
  it("does not lead further inside than it did before (DNS rebinding)", () => {
    const gate = gateAt("1.1.1.1");
    expect(gate.refusal("8.8.8.8", true)).toBeUndefined();
    expect(gate.refusal("10.0.0.1", true)).toMatch(/private network, and before .* public/);
    expect(gate.refusal("127.0.0.1", true)).toMatch(/this machine/);
    expect(gateAt("10.0.0.1").refusal("10.0.0.2", true)).toBeUndefined();
  });
  it("may be any address that the user typed", () => {
    const gate = createAddressGate(new URL("http://169.254.9.9:5000/"));
    expect(gate.refusal("169.254.9.9", true)).toBeUndefined();
    expect(gate.refusal("169.254.169.254", false)).toMatch(/cloud metadata/);
  });
});
