// SPDX-License-Identifier: MIT
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Digest, parseDigest } from "../oci/digest.ts";
import { OciError } from "../oci/errors.ts";
import { type Location, formatLocation, parseLocation } from "./location.ts";

const digest = parseDigest(`sha256:${"ab".repeat(32)}`);

describe("parseLocation", () => {
  const cases: readonly (readonly [string, Location])[] = [
    ["localhost/a/b:1", registry("localhost", "a/b", "1")],
    ["localhost:5000/a/b:tag", registry("localhost:5000", "a/b", "tag")],
    ["ghcr.io/a/b", registry("ghcr.io", "a/b")],
    [`ghcr.io/a/b:1@${digest}`, registry("ghcr.io", "a/b", "1", digest)],
    ["docker://ghcr.io/a/b:1", registry("ghcr.io", "a/b", "1")],
    ["docker.io/busybox:1", registry("docker.io", "library/busybox", "1")],
    ["[::1]:5000/a:1", registry("[::1]:5000", "a", "1")],
    ["builder:5000/a:1", registry("builder:5000", "a", "1")],
    ["oci:out/x", { kind: "oci", directory: "out/x" }],
    ["oci:out/x:v1", { kind: "oci", directory: "out/x", tag: "v1" }],
    [`oci:out/x@${digest}`, { kind: "oci", directory: "out/x", digest }],
    [`oci:out/x:v1@${digest}`, { kind: "oci", directory: "out/x", tag: "v1", digest }],
    ["oci:out/x:docker.io/a/b:1", { kind: "oci", directory: "out/x", tag: "docker.io/a/b:1" }],
    ["oci:/srv/me@home/x:v1", { kind: "oci", directory: "/srv/me@home/x", tag: "v1" }],
    ["oci-layout:///srv/x:v1", { kind: "oci", directory: "/srv/x", tag: "v1" }],
    ["oci-layout://out/x", { kind: "oci", directory: "out/x" }],
    ["oci-archive:x.tar", { kind: "oci-archive", file: "x.tar" }],
    ["oci-archive:x.tar:v1", { kind: "oci-archive", file: "x.tar", tag: "v1" }],
    ["docker-archive:-", { kind: "docker-archive", file: "-" }],
    ["docker-archive:x.tar:a/b:1", { kind: "docker-archive", file: "x.tar", tag: "a/b:1" }],
    ["dir:out/rootfs", { kind: "dir", directory: "out/rootfs" }],
    ["dir:/srv/with:colon", { kind: "dir", directory: "/srv/with:colon" }],
    ["./ghcr.io/a", { kind: "path", path: "./ghcr.io/a" }],
    ["../x", { kind: "path", path: "../x" }],
    ["/srv/x:y", { kind: "path", path: "/srv/x:y" }],
    ["out/linux-runtime", { kind: "path", path: "out/linux-runtime" }],
    [".", { kind: "path", path: "." }],
    ["..", { kind: "path", path: ".." }],
  ];
  it.each(cases)("reads %s", (text, location) => {
    expect(parseLocation(text)).toEqual(location);
  });

  it("reads a bare word as a tag of the configured repository", () => {
    const word = "latest-cross";
    expect(parseLocation(word, { repository: "localhost:5000/a/b" })).toEqual(
      registry("localhost:5000", "a/b", word),
    );
    expect(parseLocation(word, { repository: "oci:out/published" })).toEqual({
      kind: "oci",
      directory: "out/published",
      tag: word,
    });
  });

  it("refuses a bare word with an explanation when no repository is configured", () => {
    const error = failure("latest-cross");
    expect(error.code).toBe("invalid-reference");
    expect(error.message).toContain('"latest-cross": a bare word is a tag of the configured');
    expect(error.hint).toContain("./latest-cross");
  });

  it.each([
    ["a name without a host, which would leave the machine", "kataglyphis/image:latest"],
    ["Docker Hub's short form", "busybox:1"],
    ["Docker Hub's short form behind its scheme", "docker://busybox"],
    ["a single-word host behind the scheme", "docker://registry/a:1"],
    ["an unknown scheme", "containers-storage:a/b"],
    ["a URL", "https://ghcr.io/a/b"],
    ["nothing", ""],
    ["a layout without a directory", "oci:"],
    ["an empty tag", "oci:out/x:"],
    ["an archive without a file", "docker-archive:"],
    ["a plain directory without a name", "dir:"],
    ["a NUL in a path", "oci:a\0b"],
  ])("never makes a registry reference of %s", (_what, text) => {
    const located = attempt(text);
    if (located instanceof OciError) expect(located.code).toBe("invalid-reference");
    else expect(located).toEqual({ kind: "path", path: text });
  });

  it("refuses a malformed digest instead of reading it as a tag", () => {
    expect(failure("oci:out/x@sha256:abc").code).toBe("invalid-digest");
  });

  it("throws nothing but OciError, and reads only text with a dot, a port or localhost as a registry", () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 40 }), (text) => {
        const located = attempt(text);
        if (located instanceof OciError || located.kind !== "registry") return;
        expect(located.reference.registry).toMatch(/[.:]|^localhost$/);
      }),
    );
  });
});

describe("formatLocation", () => {
  it("is read back by parseLocation as the same location", () => {
    fc.assert(
      fc.property(locations(), (location) => {
        expect(parseLocation(formatLocation(location))).toEqual(location);
      }),
    );
  });
});

function registry(host: string, repository: string, tag?: string, named?: Digest): Location {
  return {
    kind: "registry",
    reference: {
      registry: host,
      repository,
      ...(tag !== undefined && { tag }),
      ...(named !== undefined && { digest: named }),
    },
  };
}

function attempt(text: string): Location | OciError {
  try {
    return parseLocation(text);
  } catch (error) {
    if (error instanceof OciError) return error;
    throw error;
  }
}

function failure(text: string): OciError {
  const located = attempt(text);
  if (located instanceof OciError) return located;
  throw new Error(`expected an error, got ${located.kind}`);
}

function locations(): fc.Arbitrary<Location> {
  const word = fc.stringMatching(/^[a-z][a-z0-9_.-]{0,20}$/);
  const path = fc.array(word, { minLength: 1, maxLength: 3 }).map((parts) => `/${parts.join("/")}`);
  const tag = fc.option(word, { nil: undefined });
  const named = fc.option(fc.constant(digest), { nil: undefined });
  return fc.oneof(
    fc.record({ directory: path, tag, named }).map((parts): Location => ({
      kind: "oci",
      directory: parts.directory,
      ...(parts.tag !== undefined && { tag: parts.tag }),
      ...(parts.named !== undefined && { digest: parts.named }),
    })),
    fc
      .record({ kind: fc.constantFrom("oci-archive", "docker-archive"), file: path, tag })
      .map((parts): Location => ({
        kind: parts.kind,
        file: parts.file,
        ...(parts.tag !== undefined && { tag: parts.tag }),
      })),
    path.map((directory): Location => ({ kind: "dir", directory })),
    path.map((text): Location => ({ kind: "path", path: text })),
    fc
      .record({ tag, named })
      .map((parts) => registry("localhost:5000", "a/b", parts.tag, parts.named)),
  );
}
