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

  it("may contain other schemes, whose data is skipped", () => {
    expect(parse('Negotiate YWJj==, Basic realm="r"')).toEqual([
      ["negotiate", {}],
      ["basic", { realm: "r" }],
    ]);
  });

  it("is parsed up to the first thing that is not a challenge", () => {
    expect(parse('Bearer realm="https://a/')).toEqual([["bearer", {}]]);
    expect(parse("")).toEqual([]);
    expect(parse('"')).toEqual([]);
  });

  it("may use names such as __proto__ without confusing the parser", () => {
    expect(parseChallenges('Basic __proto__="x"')[0]?.parameters.get("__proto__")).toBe("x");
  });

  it("never makes the parser throw, and is parsed back as it was written", () => {
    fc.assert(fc.property(fc.string({ unit: "binary" }), (text) => void parseChallenges(text)));
    fc.assert(
      fc.property(fc.string(), fc.string(), (realm, service) => {
        expect(parse(formatChallenge("Bearer", { realm, service }))).toEqual([
          ["bearer", { realm, service }],
        ]);
      }),
    );
  });

  it("is parsed in time proportional to its length", () => {
    const long = `Bearer ${'a="\\",'.repeat(100_000)}`;
    expect(parse(long).length).toBeLessThan(3);
  });
});
