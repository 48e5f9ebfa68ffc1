// SPDX-License-Identifier: MIT
import { describe, expect, it } from "vitest";
import type { Digest } from "../../oci/digest.ts";
import { formatRoute, parseRoute } from "./paths.ts";
import type { Route } from "./paths.ts";

const digest = `sha256:${"a".repeat(64)}` as Digest;
const repository = "team/app";

describe("the path of an endpoint", () => {
  it.each<Route>([
    { kind: "base" },
    { kind: "catalog" },
    { kind: "tags", repository },
    { kind: "manifests", repository },
    { kind: "manifests", repository: "a/manifests" },
    { kind: "tags", repository: "a/tags" },
    { kind: "referrers", repository, digest },
    { kind: "manifest", repository, reference: "v1" },
    { kind: "manifest", repository, reference: digest },
    { kind: "manifest", repository: "blobs/uploads/manifests", reference: "tags" },
    { kind: "blob", repository, digest },
    { kind: "uploads", repository },
    { kind: "upload", repository, id: "1b4e28ba-2fa1-11d2-883f-0016d3cca427" },
  ])("is read back as it was written: $kind", (route) => {
    expect(parseRoute(formatRoute(route))).toEqual(route);
  });

  it("may be percent-encoded, and may omit the slash that ends the path for uploads", () => {
    const path = `/v2/team/app/blobs/${digest.replace(":", "%3A")}`;
    expect(parseRoute(path)).toEqual({ kind: "blob", repository, digest });
    expect(parseRoute("/v2/team/app/blobs/uploads")).toEqual({ kind: "uploads", repository });
  });

  it.each([
    "/",
    "/v1/",
    "/v2/a",
    "/v2/a/b",
    "/v2/a/blobs/uploads/x%2fy",
    "/v2/a/tags",
    "/v2/a/blobs/sha256:..%2f..%2fetc",
  ])("is not %s", (path) => {
    expect(parseRoute(path)).toBeUndefined();
  });

  it.each([
    ["/v2/../etc/manifests/v1", "invalid-reference"],
    ["/v2/a/%2e%2e/b/manifests/v1", "invalid-reference"],
    ["/v2/A/manifests/v1", "invalid-reference"],
    ["/v2/a/manifests/..", "invalid-reference"],
    [`/v2/a/manifests/${"t".repeat(129)}`, "invalid-reference"],
    ["/v2/a/blobs/sha256:..", "invalid-digest"],
    [`/v2/a/blobs/sha256:${"A".repeat(64)}`, "invalid-digest"],
    ["/v2/a/blobs/md5:d41d8cd98f00b204e9800998ecf8427e", "unsupported-algorithm"],
    ["/v2/a/manifests/%ff", "invalid-reference"],
  ])("never holds what its grammar does not allow: %s", (path, code) => {
    expect(() => parseRoute(path)).toThrow(expect.objectContaining({ code }) as Error);
  });
});
