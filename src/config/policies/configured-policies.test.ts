// SPDX-License-Identifier: MIT
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { isOciError } from "../../oci/errors.ts";
import type { Policy } from "../../verify/policies/policy.ts";
import { loadConfiguration, parseConfiguration } from "../load-configuration.ts";
import { configuredPolicies } from "./configured-policies.ts";
import { parseSize } from "./parse-size.ts";

const HEAD = `version: 1
architectures: [amd64, riscv64, linux/arm/v7]
base: scratch
variables: { GCC: 16.2.0, TF: "0" }
policies:
`;

function policiesOf(
  policies: string,
  architecture = "riscv64",
  variables: Readonly<Record<string, string>> = {},
): readonly Policy[] | undefined {
  const configuration = parseConfiguration(HEAD + policies, "/p/oci-kit.yaml", { variables });
  return configuredPolicies(configuration)({ os: "linux", architecture });
}

function refused(policies: string): string {
  try {
    policiesOf(policies);
  } catch (error) {
    if (isOciError(error, "invalid-recipe")) return error.message;
    throw error;
  }
  throw new Error("expected to be refused");
}

describe("policies of oci-kit.yaml", () => {
  it("have their variables replaced, and what is for other architectures left out", () => {
    const text = `
  - name: compilers
    present: ["/opt/gcc-\${GCC}", { path: /opt/flutter, arch: [amd64] }]
    exempt: [{ path: "/opt/gcc-\${GCC}/x", reason: "of \${ARCH}" }, { path: /a, reason: b, arch: [amd64] }]
  - { name: desktop, arch: [amd64], absent: [/opt/x] }`;
    expect(policiesOf(text)).toEqual([
      {
        kind: "present",
        name: "compilers",
        severity: undefined,
        paths: [{ path: "/opt/gcc-16.2.0" }],
        exempt: [{ path: "/opt/gcc-16.2.0/x", reason: "of riscv64" }],
      },
    ]);
    expect(policiesOf(text, "amd64")).toHaveLength(2);
    expect(policiesOf(text, "arm")).toHaveLength(1);
    expect(policiesOf(text, "s390x")).toBeUndefined();
  });

  it("hold for a root of unknown architecture, unless they differ by it: then it has to be named", () => {
    const unknown = (text: string): readonly string[] | undefined =>
      configuredPolicies(parseConfiguration(HEAD + text, "/p/oci-kit.yaml"))(undefined)?.map(
        ({ name }) => name,
      );
    const one = `
  - { name: one, absent: [/opt/x] }
  - { name: of-images, environment: { values: { HERE: "\${ARCH}" } } }`;
    expect(unknown(one)).toEqual(["one"]);
    const more = `${one}
  - { name: two, absent: ["/opt/\${ARCH}"] }
  - { name: three, arch: [riscv64], absent: [/opt/y] }`;
    expect(() => unknown(more)).toThrow(
      /oci-kit.yaml: policies two, three differ by architecture: expected a root/,
    );
  });

  it("hold only where variables have the values of `when`", () => {
    const text = `
  - { name: there, when: { TF: "1" }, present: [/tf] }
  - { name: not-there, when: { TF: "0" }, absent: [/tf] }`;
    expect(policiesOf(text)?.map(({ name }) => name)).toEqual(["not-there"]);
    expect(policiesOf(text, "amd64", { TF: "1" })?.map(({ name }) => name)).toEqual(["there"]);
  });

  it("hold the links of the file too", () => {
    const text = `  - { name: one, absent: [/opt/x] }\nlinks: [{ path: /cc, target: "/gcc-\${GCC}" }]\n`;
    expect(policiesOf(text)?.[0]).toEqual({
      ...{ kind: "links", name: "links", links: [{ path: "/cc", target: "/gcc-16.2.0" }] },
    });
  });

  it("are refused with their places", () => {
    expect(refused("  - { name: a, presnt: [/x] }\n")).toMatch(
      /^oci-kit.yaml:6:\d+: policies\[0\].*present/,
    );
    expect(refused("  - { name: a, absent: [x] }\n")).toContain("expected an absolute path");
    expect(refused("  - { absent: [/x] }\n")).toContain("policies[0].name: expected text");
    expect(refused("  - { name: a, absent: [/x] }\n  - { name: a, absent: [/y] }\n")).toBe(
      "oci-kit.yaml:7:7: policies[1].name: there is another policy a",
    );
    expect(refused("  - { name: links, absent: [/x] }\n")).toContain("expected another name");
    expect(refused('  - { name: a, when: { TG: "1" }, absent: [/x] }\n')).toContain(
      "policies[0].when.TG: expected a variable of this file",
    );
    expect(refused('  - { name: a, absent: ["/x["] }\n')).toContain(
      "policies[0].absent[0]: pattern",
    );
    expect(refused('  - { name: a, absent: ["/${NO}"] }\n')).toContain("policies[0].absent[0]");
    expect(refused("  - { name: a, absent: [/x], exempt: [{ path: /x }] }\n")).toContain(
      "policies[0].exempt[0].reason: expected text",
    );
    expect(refused("  - { name: a, architecture: [{ path: /x, is: arm46 }] }\n")).toContain(
      'policies[0].architecture[0].is: expected one whose ELF machine is known, as arm64, got "arm46"',
    );
    expect(refused("  - { name: a, size: { image: 3 parsecs } }\n")).toContain(
      "expected a size as 600MB or 2GiB",
    );
    expect(refused("  - { name: a, absent: [/x], arch: [riscv46] }\n")).toContain("riscv46");
  });
});

it.each([
  [7, 7],
  ["7", 7],
  ["7B", 7],
  ["1.5 kB", 1500],
  ["2GiB", 2 * 1024 ** 3],
  ["600MB", 600e6],
])("the size %s is %d bytes", (text, bytes) => expect(parseSize(text)).toBe(bytes));

describe("the policies of this repository's linux/oci-kit.yaml", () => {
  it("use every kind of policy, for each architecture", async () => {
    const file = fileURLToPath(new URL("../../../linux/oci-kit.yaml", import.meta.url));
    const policies = configuredPolicies(await loadConfiguration(file));
    for (const architecture of ["amd64", "arm64", "riscv64"]) {
      const own = policies({ os: "linux", architecture }) ?? [];
      expect(new Set(own.map(({ kind }) => kind)).size).toBe(15);
    }
  });
});
