// SPDX-License-Identifier: MIT
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { formatChallenge, parseChallenges } from "./challenge.ts";

function parse(value: string): readonly (readonly [string, Record<string, string>])[] {
  return parseChallenges(value).map(
    ({ scheme, parameters }) => [scheme, Object.fromEntries(parameters)] as const,
  );
}

describe("a WWW-Authenticate header", () => {
  it("gives the challenge of a token registry", () => {
    const header =
      'Bearer realm="https://auth.example/token",service="registry.example",scope="repository:a/b:pull,push"';
    expect(parse(header)).toEqual([
      [
        "bearer",
        {
          realm: "https://auth.example/token",
          service: "registry.example",
          scope: "repository:a/b:pull,push",
        },
      ],
    ]);
  });

  it("gives several challenges, with spaces, tokens, escapes and empty elements", () => {
    expect(parse('Negotiate, , Basic realm = "a \\"b\\", c" , BEARER Realm=x,realm=y')).toEqual([
      ["negotiate", {}],
      ["basic", { realm: 'a "b", c' }],
      ["bearer", { realm: "x" }],
    ]);
  });

  it("steps over the data of other schemes", () => {
    expect(parse('Negotiate YWJj==, Basic realm="r"')).toEqual([
      ["negotiate", {}],
      ["basic", { realm: "r" }],
    ]);
  });

  it("ends at what is no challenge, and keeps what came before", () => {
    expect(parse('Bearer realm="https://a/')).toEqual([["bearer", {}]]);
    expect(parse("")).toEqual([]);
    expect(parse('"')).toEqual([]);
  });

  it("is not confused by names of an object's own", () => {
    expect(parseChallenges('Basic __proto__="x"')[0]?.parameters.get("__proto__")).toBe("x");
  });

  it("is parsed whatever it is, and read back as it was written", () => {
    fc.assert(fc.property(fc.string({ unit: "binary" }), (text) => void parseChallenges(text)));
    fc.assert(
      fc.property(fc.string(), fc.string(), (realm, service) => {
        expect(parse(formatChallenge("Bearer", { realm, service }))).toEqual([
          ["bearer", { realm, service }],
        ]);
      }),
    );
  });

  it("takes time in proportion to its length", () => {
    const long = `Bearer ${'a="\\",'.repeat(100_000)}`;
    expect(parse(long).length).toBeLessThan(3);
  });
});
