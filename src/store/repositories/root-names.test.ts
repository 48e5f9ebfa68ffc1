// SPDX-License-Identifier: MIT
import { describe, expect, it } from "vitest";
import type { Descriptor } from "../../oci/documents/descriptor.ts";
import type { Digest } from "../../oci/digest.ts";
import { MediaType } from "../../oci/media-types.ts";
import { namedRoots, parseRootName, repositoryOf } from "./root-names.ts";

function root(name: string | undefined, hex = "a"): Descriptor {
  return {
    mediaType: MediaType.manifest,
    digest: `sha256:${hex.repeat(64)}` as Digest,
    size: 1,
    ...(name !== undefined && { annotations: { "org.opencontainers.image.ref.name": name } }),
  };
}

describe("the name of an entry in index.json", () => {
  it.each([
    ["team/app:v1", "team/app", "v1"],
    ["app:v1", "app", "v1"],
    ["docker.io/library/busybox:1.36", "docker.io/library/busybox", "1.36"],
    ["v1", "here", "v1"],
  ])("%s is a tag of a repository", (name, repository, tag) => {
    expect(parseRootName(name, "here")).toEqual({ repository, tag });
  });
  it.each(["Team/app:v1", "team/app", "localhost:5000/app", "a:b:c d", "../a:v1", ":v1", ""])(
    "%j is not a tag of any repository",
    (name) => {
      expect(parseRootName(name, "here")).toBeUndefined();
    },
  );
});

describe("the tags of a layout", () => {
  it("leave out entries without a name, or with a name that no registry could have", () => {
    expect(namedRoots([root(undefined), root("NO/such")], "here")).toEqual([]);
  });
  it("prefer a full name over a bare one for the same tag", () => {
    const tags = namedRoots([root("v1", "a"), root("here:v1", "b")], "here");
    expect(tags.map(({ name }) => name)).toEqual(["here:v1", "v1"]);
  });
});

it.each([
  ["registry", "registry"],
  ["My.Images", "my.images"],
  ["-x", "layout"],
  ["", "layout"],
])("the repository of bare names in a directory called %j is %s", (directory, expected) => {
  expect(repositoryOf(directory)).toBe(expected);
});
