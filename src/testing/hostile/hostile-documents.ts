// SPDX-License-Identifier: MIT
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { MediaType } from "../../oci/media-types.ts";
import type { ErrorCode } from "../../oci/errors.ts";
import { rawTar } from "../raw-tar.ts";
import type {
  HostileCase,
  HostileExpectation,
  JsonObject,
  LayoutDamage,
  WrittenLayout,
  Numbered,
} from "./hostile-case.ts";
import { blobLayer, file } from "./layer-parts.ts";
import { writeBlob } from "./write-case.ts";

const TAR = rawTar(file("f", "content"));
const OTHER = rawTar(file("g", "other"));
const TREE = { "/f": { content: "content" } };
const INVALID: readonly ErrorCode[] = [
  "invalid-descriptor",
  "invalid-manifest",
  "invalid-index",
  "invalid-config",
  "invalid-json",
  "invalid-digest",
];

interface Damaged extends LayoutDamage {
  readonly expect?: HostileExpectation;
  readonly codes?: readonly ErrorCode[];
}

function cases({ number }: Numbered, variants: Readonly<Record<string, Damaged>>): HostileCase[] {
  return Object.entries(variants).map(([name, { expect = "refused", codes, ...damage }]) => ({
    number,
    name,
    expect,
    codes: codes ?? INVALID,
    build: () => ({
      layers: [TAR],
      damage,
      tree: expect === "accepted" || expect === "contained" ? TREE : {},
    }),
  }));
}

/** The manifest with changes to the descriptor of its first layer. */
function withLayer(change: JsonObject): (manifest: JsonObject) => JsonObject {
  return (manifest) => {
    const [first] = manifest["layers"] as [JsonObject];
    return { ...manifest, layers: [{ ...first, ...change }] };
  };
}

const digests: Readonly<Record<string, string>> = {
  "a digest that is a path (CVE-2024-37032)": "sha256:../../../../canary/file",
  "a digest whose algorithm is a path": "../../canary:file",
  "a digest in capitals": `sha256:${"A".repeat(64)}`,
  "a digest of 63 digits": `sha256:${"a".repeat(63)}`,
  "a digest with an escaped slash": "sha256:AA..%2f..%2fcanary",
  "a digest of md5": "md5:d41d8cd98f00b204e9800998ecf8427e",
  "a digest of an algorithm with a plus": `sha256+b64:${"a".repeat(64)}`,
  "a digest that is empty": "",
};

const sizes: Readonly<Record<string, unknown>> = {
  "a size of -1": -1,
  "a size of 1.5": 1.5,
  "a size of 2^53 + 1": 2 ** 53 + 2,
  "a size that is text": "512",
};

const annotated = (annotations: JsonObject): Damaged => ({
  expect: "accepted",
  manifest: (manifest) => withLayer({ annotations })({ ...manifest, annotations }),
});

/** Manifests, configurations and indexes that are wrong about layers, contain paths, or can be read in two ways. */
export const documentCases: readonly HostileCase[] = [
  ...cases(
    { number: 69 },
    Object.fromEntries(
      Object.entries(sizes).map(([name, size]) => [name, { manifest: withLayer({ size }) }]),
    ),
  ),
  ...cases(
    { number: 70 },
    {
      "a diffID of another layer": {
        codes: ["diff-id-mismatch"],
        config: (config) => ({
          ...config,
          rootfs: { type: "layers", diff_ids: [`sha256:${"0".repeat(64)}`] },
        }),
      },
      "a diffID that is a path": {
        config: (config) => ({
          ...config,
          rootfs: { type: "layers", diff_ids: ["sha256:../../x"] },
        }),
      },
    },
  ),
  ...cases(
    { number: 71 },
    Object.fromEntries(
      Object.entries(digests).map(([name, digest]) => [
        name,
        { manifest: withLayer({ digest }), codes: [...INVALID, "unsupported-algorithm"] },
      ]),
    ),
  ),
  ...cases(
    { number: 73 },
    {
      "a manifest that is an index too (CVE-2021-41190)": {
        manifest: (manifest) => ({ ...manifest, manifests: [manifest["config"]] }),
      },
      "a manifest that says it is an index": {
        manifest: (manifest) => ({ ...manifest, mediaType: MediaType.index }),
      },
      "a manifest with a key twice": {
        manifest: (manifest) => JSON.stringify(manifest).replace("{", '{"layers":[],'),
      },
      "a manifest with a byte order mark": {
        manifest: (manifest) => `\ufeff${JSON.stringify(manifest)}`,
      },
      "a manifest with something behind": {
        manifest: (manifest) => `${JSON.stringify(manifest)}{}`,
      },
      "a manifest nested a hundred thousand deep": {
        codes: [...INVALID, "limit-exceeded"],
        manifest: (manifest) =>
          JSON.stringify(manifest).replace("{", `{"x":${"[".repeat(1e5)}${"]".repeat(1e5)},`),
      },
      "a configuration that is a list": { config: () => "[]" },
      "a manifest of more than 4 MiB": {
        expect: "limited",
        codes: ["limit-exceeded"],
        manifest: (manifest) => ({ ...manifest, padding: "x".repeat(4 << 20) }),
      },
    },
  ),
  ...cases(
    { number: 74 },
    {
      "an index that names what is not there": {
        codes: ["not-found"],
        index: (index) => ({
          ...index,
          manifests: [{ mediaType: MediaType.index, digest: `sha256:${"1".repeat(64)}`, size: 1 }],
        }),
      },
      "indexes in one another, twenty deep": {
        expect: "limited",
        codes: ["limit-exceeded"],
        directory: nestIndexes,
      },
      "an index of a hundred thousand images": {
        expect: "limited",
        codes: ["limit-exceeded"],
        index: (index) => ({
          ...index,
          manifests: Array.from({ length: 100_000 }, () => (index["manifests"] as unknown[])[0]),
        }),
      },
      "a manifest of twenty thousand layers": {
        expect: "limited",
        codes: ["limit-exceeded"],
        manifest: (manifest) => ({
          ...manifest,
          layers: Array.from({ length: 20_000 }, () => (manifest["layers"] as unknown[])[0]),
        }),
      },
    },
  ),
  ...cases(
    { number: 75 },
    {
      "more layers than diffIDs": {
        config: (config) => ({ ...config, rootfs: { type: "layers", diff_ids: [] } }),
      },
      "fewer layers than diffIDs": { manifest: (manifest) => ({ ...manifest, layers: [] }) },
    },
  ),
  ...repeatedLayers(),
  ...cases(
    { number: 76 },
    {
      "titles that are paths": annotated({
        "org.opencontainers.image.title": "../../canary/file",
        "org.opencontainers.image.ref.name": "../../canary/file",
      }),
      "annotations that write to the terminal, and one of 1 MiB": annotated({
        "example.escape": "\u001b[2J\n",
        "example.long": "x".repeat(1 << 20),
      }),
      "a tag that is a path": {
        expect: "accepted",
        index: (index) => {
          const [first] = index["manifests"] as [JsonObject];
          const annotations = { "org.opencontainers.image.ref.name": "../../canary/file" };
          return { ...index, manifests: [{ ...first, annotations }] };
        },
      },
    },
  ),
  ...cases(
    { number: 77 },
    {
      "embedded data of another size": { manifest: withLayer({ data: "YWJj" }) },
      "embedded data that is no base64": { manifest: withLayer({ data: "%%%" }) },
      "embedded data that is something else than the blob": {
        expect: "contained",
        manifest: withLayer({ data: Buffer.alloc(TAR.length).toString("base64") }),
      },
    },
  ),
];

/** For attack 74: puts the layout's index into other indexes, one inside another. */
function nestIndexes({ directory }: WrittenLayout): void {
  const path = join(directory, "index.json");
  for (let depth = 0; depth < 20; depth += 1) {
    const inner = writeBlob(directory, MediaType.index, [readFileSync(path)]);
    const index = { schemaVersion: 2, mediaType: MediaType.index, manifests: [inner.descriptor] };
    writeFileSync(path, JSON.stringify(index));
  }
}

/** For attack 75: the same layer more than once. */
function repeatedLayers(): HostileCase[] {
  const zipped = blobLayer(new Uint8Array(gzipSync(TAR)), MediaType.layerGzip, TAR);
  return [
    {
      number: 75,
      name: "the same layer twice",
      expect: "accepted",
      build: () => ({ layers: [TAR, OTHER, TAR], tree: { ...TREE, "/g": { content: "other" } } }),
    },
    {
      number: 75,
      name: "the same diffID with two digests",
      expect: "accepted",
      build: () => ({ layers: [TAR, zipped], tree: TREE }),
    },
  ];
}
