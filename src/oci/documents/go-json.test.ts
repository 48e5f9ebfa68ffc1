// SPDX-License-Identifier: MIT
import { describe, expect, it } from "vitest";
import { parseDigest } from "../digest.ts";
import { formatJson } from "../json.ts";
import { MediaType } from "../media-types.ts";
import { parseConfig, parseDescriptor, parseIndex, parseManifest } from "./parse-documents.ts";

const DIGEST = parseDigest(`sha256:${"a".repeat(64)}`);
const layer = { mediaType: MediaType.layerGzip, digest: DIGEST, size: 3 };
const config = { mediaType: MediaType.config, digest: DIGEST, size: 2 };

function descriptorOf(mediaType: string, bytes: Uint8Array) {
  return { mediaType, digest: DIGEST, size: bytes.length };
}
function asConfig(body: object) {
  const bytes = formatJson(body);
  return parseConfig(bytes, descriptorOf(MediaType.config, bytes)).value;
}
function asManifest(body: object) {
  const bytes = formatJson(body);
  return parseManifest(bytes, descriptorOf(MediaType.manifest, bytes)).value;
}
function asIndex(body: object) {
  const bytes = formatJson(body);
  return parseIndex(bytes, descriptorOf(MediaType.index, bytes)).value;
}

describe("null and absent in a configuration", () => {
  const minimal = { architecture: "riscv64", os: "linux" };
  const noLayers = { type: "layers", diff_ids: [] };

  it.each([
    ["without diff_ids, as Docker 28 writes it", { type: "layers" }],
    ["that is an empty object, as BuildKit writes it", {}],
    ["whose diff_ids are null", { type: "layers", diff_ids: null }],
    ["whose type is null", { type: null, diff_ids: [] }],
    ["whose type is empty", { type: "" }],
    ["that is null", null],
    ["that is absent", undefined],
  ])("makes no layers of a rootfs %s", (_name, rootfs) => {
    expect(asConfig({ ...minimal, rootfs }).rootfs).toEqual(noLayers);
  });

  it.each([
    ["Volumes", { "/data": null, "/b": {} }, { "/data": {}, "/b": {} }],
    ["ExposedPorts", { "80/tcp": null }, { "80/tcp": {} }],
    ["Labels", { a: null, b: "c" }, { a: "", b: "c" }],
    ["Env", ["A=b", null], ["A=b", ""]],
    ["Cmd", [null], [""]],
  ])("is the zero value as a member of %s", (key, written, read) => {
    expect(asConfig({ ...minimal, config: { [key]: written } }).config).toEqual({ [key]: read });
  });

  it("is the zero value as an item of the history", () => {
    expect(asConfig({ ...minimal, history: [null, { created_by: "x" }] }).history).toEqual([
      {},
      { created_by: "x" },
    ]);
  });

  it("is the empty text as architecture and system", () => {
    expect(asConfig({ architecture: null })).toMatchObject({ architecture: "", os: "" });
  });

  it("leaves a body that is a manifest's refused", () => {
    expect(() => asConfig({ schemaVersion: 2, config, layers: [layer] })).toThrow(
      expect.objectContaining({ code: "invalid-config" }),
    );
  });
});

describe("null and absent in the other documents", () => {
  it("are no layers of a manifest, and no manifests of an index", () => {
    expect(asManifest({ schemaVersion: 2, config }).layers).toEqual([]);
    expect(asManifest({ schemaVersion: 2, config, layers: null }).layers).toEqual([]);
    expect(asIndex({ schemaVersion: 2 }).manifests).toEqual([]);
    expect(asIndex({ schemaVersion: 2, manifests: null }).manifests).toEqual([]);
  });

  it("are the zero value in annotations, urls and platform", () => {
    const written = { annotations: { a: null }, urls: [null], platform: { os: "linux" } };
    expect(parseDescriptor({ ...layer, ...written }, "here")).toMatchObject({
      annotations: { a: "" },
      urls: [""],
      platform: { os: "linux", architecture: "" },
    });
  });

  it("never stand for a descriptor", () => {
    const code = expect.objectContaining({ code: "invalid-manifest" }) as Error;
    expect(() => asManifest({ schemaVersion: 2, config, layers: [null] })).toThrow(code);
    expect(() => asManifest({ schemaVersion: 2, config: null, layers: [] })).toThrow(code);
  });
});

describe("keys in another case, as Go reads them", () => {
  it("are the keys of the specification in the value, at every level", () => {
    const digest = DIGEST;
    expect(
      asManifest({
        SchemaVersion: 2,
        Config: { MediaType: MediaType.config, DIGEST: digest, Size: 2 },
        Layers: [{ MEDIATYPE: MediaType.layerGzip, Digest: digest, SIZE: 3, "x-Unknown": 1 }],
      }),
    ).toEqual({ schemaVersion: 2, config, layers: [{ ...layer, "x-Unknown": 1 }] });
    expect(
      asConfig({ Architecture: "amd64", OS: "linux", Config: { env: ["A=b"] }, RootFS: {} }),
    ).toEqual({
      architecture: "amd64",
      os: "linux",
      config: { Env: ["A=b"] },
      rootfs: { type: "layers", diff_ids: [] },
    });
  });

  it("can't make one body a manifest and an index (CVE-2021-41190)", () => {
    const both = { schemaVersion: 2, config, layers: [layer], Manifests: [] };
    expect(() => asManifest(both)).toThrow(/makes it ambiguous/);
    const hidden = { schemaVersion: 2, manifests: [], "layer\u017f": [layer] };
    expect(() => asIndex(hidden)).toThrow(/got "layers" too/);
    const said = { schemaVersion: 2, config, MediaType: MediaType.index };
    expect(() => asManifest(said)).toThrow(/expected mediaType/);
  });

  it.each([
    ["exactly and in another case", { layers: [], Layers: [layer] }],
    ["in two other cases", { LAYERS: [], Layers: [layer] }],
  ])("are refused when one key is there %s: readers differ in which one counts", (_name, twice) => {
    expect(() => asManifest({ schemaVersion: 2, config, ...twice })).toThrow(
      /expected one key that readers take for "layers"/,
    );
  });

  it("do not hide a list from its limit", () => {
    const bytes = formatJson({ RootFS: { Diff_IDs: [DIGEST, DIGEST] } });
    const descriptor = descriptorOf(MediaType.config, bytes);
    expect(() => parseConfig(bytes, descriptor, { limits: { children: 1 } })).toThrow(
      expect.objectContaining({ code: "limit-exceeded" }),
    );
  });
});
