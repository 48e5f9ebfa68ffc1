// SPDX-License-Identifier: MIT
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Descriptor } from "./descriptor.ts";
import { parseDigest } from "../digest.ts";
import type { ErrorCode } from "../errors.ts";
import { isOciError } from "../errors.ts";
import { formatJson } from "../json.ts";
import { MediaType } from "../media-types.ts";
import { parseConfig, parseIndex, parseManifest } from "./parse-documents.ts";

const DIGEST = parseDigest(`sha256:${"a".repeat(64)}`);
const layer = { mediaType: MediaType.layerGzip, digest: DIGEST, size: 3 };
const config = { mediaType: MediaType.config, digest: DIGEST, size: 2 };
const child = { mediaType: MediaType.manifest, digest: DIGEST, size: 2 };
const manifest = { schemaVersion: 2, mediaType: MediaType.manifest, config, layers: [layer] };
const index = { schemaVersion: 2, mediaType: MediaType.index, manifests: [child] };

type Parse = typeof parseManifest | typeof parseIndex | typeof parseConfig;

/** Parses a body as what `mediaType` says, through its bytes. */
function parse<P extends Parse>(parser: P, body: unknown, mediaType: string, children?: number) {
  const bytes = typeof body === "string" ? new TextEncoder().encode(body) : formatJson(body);
  const descriptor: Descriptor = { mediaType, digest: DIGEST, size: bytes.length };
  return parser(bytes, descriptor, {
    limits: children === undefined ? {} : { children },
  }) as ReturnType<P>;
}
const asManifest = (body: unknown) => parse(parseManifest, body, MediaType.manifest);
const asIndex = (body: unknown) => parse(parseIndex, body, MediaType.index);
const asConfig = (body: unknown) => parse(parseConfig, body, MediaType.config);
const withCode = (code: ErrorCode) => expect.objectContaining({ code }) as Error;

describe("parseManifest", () => {
  it("returns the descriptor, the same bytes, and a value with every unknown key", () => {
    const body = { ...manifest, "x-unknown": { a: [1] }, annotations: { a: "b" }, subject: child };
    const bytes = formatJson(body);
    const descriptor = { mediaType: MediaType.manifest, digest: DIGEST, size: bytes.length };
    const document = parseManifest(bytes, descriptor);
    expect(document.bytes).toBe(bytes);
    expect(document.descriptor).toBe(descriptor);
    expect(document.value).toEqual(body);
  });

  it("reads Docker's schema 2, and an OCI manifest without a mediaType", () => {
    const docker = { ...manifest, mediaType: MediaType.dockerManifest };
    expect(parse(parseManifest, docker, MediaType.dockerManifest).value).toEqual(docker);
    const plain = { schemaVersion: 2, config, layers: [layer] };
    expect(asManifest(plain).value).toEqual(plain);
  });

  it("reads null as an empty list of layers and as absent fields, as Go writes them", () => {
    const { value } = asManifest({
      ...manifest,
      layers: null,
      annotations: null,
      subject: null,
      manifests: null,
    });
    expect(value.layers).toEqual([]);
    expect(value.annotations).toBeUndefined();
    expect(value.subject).toBeUndefined();
  });

  it.each([
    ["manifests", { ...manifest, manifests: [] }],
    ["schema 1's fsLayers", { ...manifest, fsLayers: [] }],
  ])("refuses a body with %s too (CVE-2021-41190)", (_name, body) => {
    expect(() => asManifest(body)).toThrow(/makes it ambiguous/);
    expect(() => asManifest(body)).toThrow(withCode("invalid-manifest"));
  });

  it.each([MediaType.index, MediaType.dockerManifest, "", 5])(
    "refuses a body with the media type %j when the descriptor has another (CVE-2021-41190)",
    (mediaType) => {
      expect(() => asManifest({ ...manifest, mediaType })).toThrow(withCode("invalid-manifest"));
    },
  );

  it("refuses an index, and the descriptor of one", () => {
    expect(() => asManifest(index)).toThrow(withCode("invalid-manifest"));
    expect(() => parse(parseManifest, manifest, MediaType.index)).toThrow(
      withCode("unsupported-media-type"),
    );
    expect(() => parse(parseManifest, manifest, MediaType.octetStream)).toThrow(
      /expected the media type of a manifest/,
    );
  });

  it("refuses Docker's schema 1 with a hint, whether the body or the descriptor names it", () => {
    const schema1 = "application/vnd.docker.distribution.manifest.v1+prettyjws";
    const bodies = [
      { schemaVersion: 1, fsLayers: [] },
      { ...manifest, mediaType: schema1 },
    ];
    const refusal = {
      code: "unsupported-media-type",
      hint: expect.stringContaining("schema 1") as string,
    };
    for (const body of bodies)
      expect(() => asManifest(body)).toThrow(expect.objectContaining(refusal));
    expect(() => parse(parseManifest, {}, schema1)).toThrow(expect.objectContaining(refusal));
  });

  it("says where, what it expected and what it got", () => {
    const layers = [layer, { ...layer, size: -1 }];
    expect(() => asManifest({ ...manifest, layers })).toThrow(
      `manifest ${DIGEST}, layers[1].size: expected a whole number of bytes from 0 to 2^53-1, got -1`,
    );
  });

  it.each([
    ["no config", { ...manifest, config: undefined }],
    ["layers that are no list", { ...manifest, layers: {} }],
    ["schemaVersion 3", { ...manifest, schemaVersion: 3 }],
    ["schemaVersion as text", { ...manifest, schemaVersion: "2" }],
    ["a layer that is no descriptor", { ...manifest, layers: [null] }],
    ["no object", []],
    ["null", null],
  ])("refuses %s", (_name, body) => {
    expect(() => asManifest(body)).toThrow(withCode("invalid-manifest"));
  });

  it.each([
    ["duplicate JSON keys", '{"schemaVersion":2,"layers":[],"layers":[]}'],
    ["a byte order mark", "\ufeff{}"],
    ["trailing JSON", "{}{}"],
    ["__proto__", '{"__proto__":{"layers":[]}}'],
    ["a size of 2^53+1", '{"config":{"size":9007199254740993}}'],
  ])("refuses %s", (_name, body) =>
    expect(() => asManifest(body)).toThrow(withCode("invalid-json")),
  );

  it("refuses 100,000 levels of nesting", () => {
    expect(() => asManifest("[".repeat(100_000))).toThrow(withCode("limit-exceeded"));
  });

  it("refuses bytes of another size than the descriptor has", () => {
    const bytes = formatJson(manifest);
    const descriptor = { mediaType: MediaType.manifest, digest: DIGEST, size: bytes.length + 1 };
    expect(() => parseManifest(bytes, descriptor)).toThrow(withCode("size-mismatch"));
  });

  it("limits the number of layers", () => {
    const body = { ...manifest, layers: [layer, layer] };
    expect(parse(parseManifest, body, MediaType.manifest, 2).value.layers).toHaveLength(2);
    expect(() => parse(parseManifest, body, MediaType.manifest, 1)).toThrow(
      withCode("limit-exceeded"),
    );
  });
});

describe("parseIndex", () => {
  it("reads OCI's index and Docker's list, and keeps unknown keys and nested indexes", () => {
    const nested = { ...child, mediaType: MediaType.index };
    const attestation = { ...child, platform: { os: "unknown", architecture: "unknown" } };
    const body = { ...index, manifests: [child, nested, attestation], extra: true };
    expect(asIndex(body).value).toEqual(body);
    const list = { ...index, mediaType: MediaType.dockerManifestList };
    expect(parse(parseIndex, list, MediaType.dockerManifestList).value).toEqual(list);
    expect(asIndex({ ...index, manifests: null }).value.manifests).toEqual([]);
  });

  it.each([
    ["layers", { ...index, layers: [] }],
    ["a config", { ...index, config }],
    ["fsLayers", { ...index, fsLayers: [] }],
  ])("refuses a body with %s too (CVE-2021-41190)", (_name, body) => {
    expect(() => asIndex(body)).toThrow(withCode("invalid-index"));
  });

  it("refuses a body of another media type, a manifest and a manifest's descriptor", () => {
    expect(() => asIndex({ ...index, mediaType: MediaType.manifest })).toThrow(
      withCode("invalid-index"),
    );
    expect(() => asIndex({ ...manifest, mediaType: undefined })).toThrow(withCode("invalid-index"));
    expect(() => parse(parseIndex, index, MediaType.manifest)).toThrow(
      /expected the media type of an index/,
    );
  });

  it("refuses 100,000 children before it checks any of them", () => {
    const text = (member: string) =>
      `{"schemaVersion":2,"manifests":[${Array(100_000).fill(member).join()}]}`;
    expect(() => asIndex(text("{}"))).toThrow(withCode("limit-exceeded"));
    expect(() => asIndex(text("0"))).toThrow(/at most 10000 members of manifests, got 100000/);
  });
});

describe("parseConfig", () => {
  const minimal = {
    architecture: "riscv64",
    os: "linux",
    rootfs: { type: "layers", diff_ids: [DIGEST] },
  };

  it("reads OCI's and Docker's form with every known and unknown key", () => {
    const body = {
      ...minimal,
      variant: "v1",
      "os.features": ["a"],
      created: "2024-01-01T00:00:00Z",
      author: "x",
      config: {
        User: "0:0",
        ExposedPorts: { "80/tcp": {} },
        Env: ["PATH=/bin"],
        Entrypoint: ["/bin/sh"],
        Cmd: ["-c", "true"],
        Volumes: { "/data": {} },
        WorkingDir: "/",
        Labels: { a: "b" },
        StopSignal: "SIGTERM",
        Healthcheck: { Test: ["CMD", "true"], Interval: 30_000_000_000, Retries: 3 },
        ArgsEscaped: true,
        OnBuild: [],
        Shell: ["/bin/sh", "-c"],
        Hostname: "unknown to the spec",
      },
      history: [{ created_by: "x", empty_layer: true, unknown: 1 }],
      docker_version: "27",
      container_config: null,
    };
    expect(asConfig(body).value).toEqual(body);
    expect(parse(parseConfig, body, MediaType.dockerConfig).value).toEqual(body);
  });

  it("reads the nulls that Go writes as absent or empty", () => {
    const { value } = asConfig({
      ...minimal,
      config: {
        Env: null,
        Cmd: null,
        Entrypoint: null,
        Labels: null,
        Volumes: null,
        OnBuild: null,
        ExposedPorts: null,
        Healthcheck: null,
      },
      history: null,
      created: null,
      rootfs: { type: "layers", diff_ids: null },
    });
    expect(value).toEqual({ ...minimal, config: {}, rootfs: { type: "layers", diff_ids: [] } });
    expect(asConfig({ ...minimal, config: null }).value.config).toBeUndefined();
  });

  it.each([
    ["another type of rootfs", { ...minimal, rootfs: { type: "squashfs", diff_ids: [] } }],
    [
      "a diffID with a path",
      { ...minimal, rootfs: { type: "layers", diff_ids: ["sha256:../../x"] } },
    ],
    ["an Env that is a map", { ...minimal, config: { Env: { A: "b" } } }],
    ["an Env of numbers", { ...minimal, config: { Env: [1] } }],
    ["labels of numbers", { ...minimal, config: { Labels: { a: 1 } } }],
    ["ports that are numbers", { ...minimal, config: { ExposedPorts: { "80/tcp": 80 } } }],
    ["an interval that is no integer", { ...minimal, config: { Healthcheck: { Interval: 0.5 } } }],
    ["history that is no list", { ...minimal, history: {} }],
    ["an empty_layer that is text", { ...minimal, history: [{ empty_layer: "true" }] }],
    ["a manifest's body", manifest],
  ])("refuses %s", (_name, body) => {
    expect(() => asConfig(body)).toThrow(withCode("invalid-config"));
  });

  it("refuses the config of an artifact", () => {
    expect(() => parse(parseConfig, {}, MediaType.empty)).toThrow(
      withCode("unsupported-media-type"),
    );
  });

  it("limits the numbers of diffIDs and of history entries", () => {
    const two = { ...minimal, rootfs: { type: "layers", diff_ids: [DIGEST, DIGEST] } };
    expect(() => parse(parseConfig, two, MediaType.config, 1)).toThrow(withCode("limit-exceeded"));
    const history = { ...minimal, history: [{}, {}] };
    expect(() => parse(parseConfig, history, MediaType.config, 1)).toThrow(
      withCode("limit-exceeded"),
    );
  });

  it("reports a million wrong members as one failure", () => {
    const body = { ...minimal, config: { Env: Array(1_000_000).fill(0) } };
    expect(() => asConfig(body)).toThrow(
      /config\.Env: expected an array of strings, got an array$/,
    );
  });
});

describe("every parser of documents", () => {
  it("throws nothing but OciError for any body", () => {
    const key = fc.constantFrom(
      ...Object.keys({ ...manifest, ...index }),
      "rootfs",
      "history",
      "os",
      "annotations",
      "subject",
    );
    const value = fc.oneof(
      fc.jsonValue(),
      fc.constantFrom<unknown>(2, config, [layer], [child], null),
    );
    const parsers = [asManifest, asIndex, asConfig];
    fc.assert(
      fc.property(fc.dictionary(key, value), fc.constantFrom(...parsers), (body, parser) => {
        try {
          parser(body);
        } catch (error) {
          if (!isOciError(error)) throw error;
        }
      }),
    );
  });
});
