// SPDX-License-Identifier: MIT
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseDigest } from "./digest.ts";
import { isOciError } from "./errors.ts";
import {
  formatReference,
  parseReference,
  parseRegistry,
  parseRepository,
  parseTag,
} from "./reference.ts";

const DIGEST = parseDigest(`sha256:${"a1".repeat(32)}`);

const component = fc.stringMatching(/^[a-z0-9]{1,8}((\.|_|__|-{1,3})[a-z0-9]{1,8}){0,2}$/);
const repository = fc
  .array(component, { minLength: 2, maxLength: 4 })
  .map((parts) => parts.join("/"));
const registry = fc
  .tuple(
    fc.oneof(
      fc.domain().filter((domain) => !/xn--/.test(domain)),
      fc.ipV4(),
      fc.ipV6().map((address) => new URL(`http://[${address}]`).hostname),
      fc.constant("localhost"),
    ),
    fc.option(fc.integer({ min: 1, max: 65_535 })),
  )
  .map(([host, port]) => (port === null ? host : `${host}:${port}`));
const reference = fc.record(
  {
    registry,
    repository,
    tag: fc.stringMatching(/^[a-zA-Z0-9_][a-zA-Z0-9._-]{0,20}$/),
    digest: fc.constant(DIGEST),
  },
  { requiredKeys: ["registry", "repository"] },
);

describe("parseReference", () => {
  it("refuses a name of Docker Hub that is too long with library/ before it", () => {
    const longest = "a".repeat(255 - "library/".length);
    expect(parseReference(`docker.io/${longest}`).repository).toBe(`library/${longest}`);
    expect(() => parseReference(`docker.io/${longest}a`)).toThrow("repository: expected");
  });

  it("keeps host, port, repository, tag and digest", () => {
    expect(parseReference(`localhost:5000/a/b:tag@${DIGEST}`)).toEqual({
      registry: "localhost:5000",
      repository: "a/b",
      tag: "tag",
      digest: DIGEST,
    });
  });

  it.each([
    ["ghcr.io/a", { registry: "ghcr.io", repository: "a" }],
    ["localhost/a", { registry: "localhost", repository: "a" }],
    ["registry:5000/a:b", { registry: "registry:5000", repository: "a", tag: "b" }],
    ["[::1]:5000/a", { registry: "[::1]:5000", repository: "a" }],
    ["[0:0:0:0:0:0:0:1]/a", { registry: "[::1]", repository: "a" }],
    ["127.0.0.1:80/a", { registry: "127.0.0.1:80", repository: "a" }],
    ["GHCR.io/a:Tag", { registry: "ghcr.io", repository: "a", tag: "Tag" }],
    [`a.b/c@${DIGEST}`, { registry: "a.b", repository: "c", digest: DIGEST }],
    ["a.b/c__d/e---f/g.h_i", { registry: "a.b", repository: "c__d/e---f/g.h_i" }],
  ])("reads %s", (text, expected) => expect(parseReference(text)).toEqual(expected));

  it.each([
    ["docker.io/ubuntu", "docker.io/library/ubuntu"],
    ["index.docker.io/ubuntu:24.04", "docker.io/library/ubuntu:24.04"],
    ["docker.io/library/ubuntu", "docker.io/library/ubuntu"],
    ["docker.io/a/b", "docker.io/a/b"],
    ["ghcr.io/ubuntu", "ghcr.io/ubuntu"],
  ])("accepts the short form only for Docker Hub: %s", (text, expected) =>
    expect(formatReference(parseReference(text))).toBe(expected),
  );

  it.each([
    ["a bare word", "ubuntu", /docker\.io\/library/],
    ["a bare word with a tag", "ubuntu:24.04", /Name the host/],
    ["a name without a host", "library/ubuntu", /oci:DIR/],
    ["a bare path", "out/linux-runtime/riscv64", /oci:DIR/],
    ["a relative path", "./out/x.y", /directory/],
    ["a path upward", "../out", /directory/],
    ["an absolute path", "/out/a.b", /directory/],
    ["a home directory", "~/out", /directory/],
    ["a URL", "https://ghcr.io/a/b", /Leave out the scheme/],
    ["another tool's scheme", "docker://ghcr.io/a/b", /Leave out the scheme/],
    ["nothing", "", /Name the host/],
  ])("refuses %s with a hint", (_name, text, hint) => {
    expect(() => parseReference(text)).toThrow(
      expect.objectContaining({
        code: "invalid-reference",
        hint: expect.stringMatching(hint) as string,
      }),
    );
  });

  it.each([
    ["a repository of dots", "a.b/.."],
    ["dots in the middle", "a.b/c/../d"],
    ["an encoded dot", "a.b/%2e%2e/c"],
    ["the catalog's name", "a.b/_catalog"],
    ["an upper-case repository", "a.b/C"],
    ["three underscores", "a.b/c___d"],
    ["an empty component", "a.b/c//d"],
    ["a trailing slash", "a.b/c/"],
    ["no repository", "a.b/"],
    ["only a tag", "a.b/:x"],
    ["a repository of 256 characters", `a.b/${"c".repeat(256)}`],
    ["an empty tag", "a.b/c:"],
    ["a tag of dots", "a.b/c:.."],
    ["a tag with a slash", "a.b/c:d/e"],
    ["a tag of 129 characters", `a.b/c:${"d".repeat(129)}`],
    ["a query", "a.b/c?d=e"],
    ["a newline", "a.b/c:d\n"],
    ["an empty digest", "a.b/c@"],
    ["a digest with a path (CVE-2024-3727)", "a.b/c@sha256:../../x"],
    ["an upper-case digest", `a.b/c@${DIGEST.toUpperCase()}`],
    ["two digests", `a.b/c@${DIGEST}@${DIGEST}`],
    ["a user name", "user:password@a.b/c"],
    ["port 0", "a.b:0/c"],
    ["port 65536", "a.b:65536/c"],
    ["a port that is a word", "oci:out/c"],
    ["no port after the colon", "a.b:/c"],
    ["a label that starts with a hyphen", "-a.b/c"],
    ["an underscore in the host", "a_b.c/d"],
    ["an empty label", "a..b/c"],
    ["an address as a URL would rewrite it", "127.1/c"],
    ["an octal address", "0177.0.0.1/c"],
    ["a hexadecimal address", "0x7f.0.0.1/c"],
    ["a decimal address", "2130706433:5000/c"],
    ["an IPv6 address that is none", "[::1::]/c"],
    ["an IPv6 address with a zone", "[fe80::1%25eth0]/c"],
    ["an IPv6 address without brackets", "::1/c"],
    ["a host in other letters", "\u0430pple.com/c"],
    ["a host of 256 characters", `${"a.".repeat(127)}bc/d`],
  ])("refuses %s before any request", (_name, text) => {
    expect(() => parseReference(text)).toThrow(
      expect.objectContaining({ code: "invalid-reference" }),
    );
  });

  it("refuses a digest that can't be verified", () => {
    expect(() => parseReference("a.b/c@md5:d41d8cd98f00b204e9800998ecf8427e")).toThrow(
      expect.objectContaining({ code: "unsupported-algorithm" }),
    );
  });

  it("reads back every formatted reference", () => {
    fc.assert(
      fc.property(reference, (value) => {
        expect(parseReference(formatReference(value))).toEqual(value);
      }),
    );
  });

  it("gives references that are the same after formatting and parsing, or throws OciError", () => {
    const text = fc.oneof(
      fc.string({ unit: "binary" }),
      fc.stringMatching(/^[a-zA-Z0-9.:/@[\]_%-]*$/),
    );
    fc.assert(
      fc.property(text, (input) => {
        try {
          const value = parseReference(input);
          expect(parseReference(formatReference(value))).toEqual(value);
        } catch (error) {
          if (!isOciError(error, "invalid-reference", "unsupported-algorithm")) throw error;
        }
      }),
    );
  });
});

describe("the parts of a reference", () => {
  it("are checked one by one and returned", () => {
    expect(parseRegistry("Registry:5000")).toBe("registry:5000");
    expect(parseRepository("a/b")).toBe("a/b");
    expect(parseTag("latest-cross_1.0")).toBe("latest-cross_1.0");
  });

  it("are named in the error when they are wrong", () => {
    expect(() => parseRegistry("a/b")).toThrow(/^registry: expected .* got "a\/b"$/);
    expect(() => parseRepository("A")).toThrow(/^repository: expected .* got "A"$/);
    expect(() => parseTag("-a")).toThrow(/^tag: expected .* got "-a"$/);
  });
});
