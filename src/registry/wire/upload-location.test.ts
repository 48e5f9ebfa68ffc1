// SPDX-License-Identifier: MIT
import { describe, expect, it } from "vitest";
import type { Digest } from "../../oci/digest.ts";
import { resolveUploadLocation, withDigest } from "./upload-location.ts";

const origin = new URL("https://registry.example/");
const answered = new URL("https://registry.example/v2/a/blobs/uploads/");

function resolve(location: string | undefined): string | undefined {
  return resolveUploadLocation(location, answered, origin)?.href;
}

describe("the Location of an upload", () => {
  it.each([
    [
      "/v2/a/blobs/uploads/1?_state=x%3D",
      "https://registry.example/v2/a/blobs/uploads/1?_state=x%3D",
    ],
    ["1", "https://registry.example/v2/a/blobs/uploads/1"],
    ["https://registry.example/u/1", "https://registry.example/u/1"],
    ["https://registry.example:443/u/1", "https://registry.example/u/1"],
  ])("%s may be relative or absolute", (location, expected) => {
    expect(resolve(location)).toBe(expected);
  });

  it("keeps https when a proxy hides it from the registry", () => {
    expect(resolve("http://registry.example/u/1")).toBe("https://registry.example/u/1");
    expect(resolve("http://registry.example:80/u/1")).toBe("https://registry.example/u/1");
  });

  it.each([
    "https://other.example/u/1",
    "https://registry.example:8443/u/1",
    "https://registry.example.evil.example/u/1",
    "https://user:secret@registry.example/u/1",
    "http://169.254.169.254/u/1",
    "//other.example/u/1",
    "file:///etc/passwd",
    "https://",
    undefined,
  ])("is refused elsewhere: %s", (location) => {
    expect(resolve(location)).toBeUndefined();
  });

  it("gets the digest added to its query, which is otherwise unchanged", () => {
    const digest = `sha256:${"0".repeat(64)}` as Digest;
    const bare = new URL("https://r.example/u/1");
    const stateful = new URL("https://r.example/u/1?_state=a%2Bb+c&x");
    expect(withDigest(bare, digest).href).toBe(`https://r.example/u/1?digest=${digest}`);
    expect(withDigest(stateful, digest).href).toBe(
      `https://r.example/u/1?_state=a%2Bb+c&x&digest=${digest}`,
    );
  });
});
