// SPDX-License-Identifier: MIT
import { describe, expect, it } from "vitest";
import { digestBytes } from "../../src/bytes/hash.ts";
import { configurationToRecipe } from "../../src/config/recipe/configuration-to-recipe.ts";
import { parseConfiguration } from "../../src/config/load-configuration.ts";
import { parseLocation, formatLocation } from "../../src/image/location.ts";
import { parseDigest } from "../../src/oci/digest.ts";
import { parseConfig, parseIndex, parseManifest } from "../../src/oci/documents/parse-documents.ts";
import { isOciError } from "../../src/oci/errors.ts";
import { MediaType } from "../../src/oci/media-types.ts";
import { formatPlatform, parsePlatform } from "../../src/oci/platform.ts";
import { formatReference, parseReference } from "../../src/oci/reference.ts";
import { childrenOf } from "../../src/store/content-graph.ts";
import { describeManifest } from "../../src/store/describe-manifest.ts";
import { configuration } from "../fixtures/project.ts";
import { fuzz } from "./fuzz.ts";
import { mutateJson, mutateText } from "./mutate-text.ts";
import type { Random } from "./random.ts";

/** What the work gives, or undefined when it refuses as it may: by an OciError. Any other error is thrown. */
function unlessRefused<T>(work: () => T): T | undefined {
  try {
    return work();
  } catch (error) {
    if (isOciError(error)) return undefined;
    throw error;
  }
}

const digest = digestBytes(new Uint8Array(1));
const descriptor = { mediaType: MediaType.layerGzip, digest, size: 1, annotations: { a: "b" } };
const platform = { os: "linux", architecture: "arm", variant: "v7", "os.features": ["x"] };
const manifest = {
  schemaVersion: 2,
  mediaType: MediaType.manifest,
  config: { ...descriptor, mediaType: MediaType.config, data: "AA==" },
  layers: [descriptor, { ...descriptor, urls: ["https://a.example/b"] }],
  subject: descriptor,
  artifactType: "application/x.y",
};
const index = {
  schemaVersion: 2,
  mediaType: MediaType.index,
  manifests: [{ ...descriptor, mediaType: MediaType.manifest, platform }],
};
const config = {
  created: "2026-01-02T03:04:05Z",
  ...platform,
  config: { Env: ["A=b"], ExposedPorts: { "80/tcp": {} }, Labels: { a: "b" }, Volumes: null },
  rootfs: { type: "layers", diff_ids: [digest] },
  history: [{ created: "2026-01-02T03:04:05Z", created_by: "x", empty_layer: true }],
};
const documents = [
  { value: manifest, mediaType: MediaType.manifest, parse: parseManifest },
  { value: index, mediaType: MediaType.index, parse: parseIndex },
  { value: config, mediaType: MediaType.config, parse: parseConfig },
] as const;

function readDocument(random: Random): void {
  const { value, mediaType, parse } = random.of(documents);
  const bytes = new TextEncoder().encode(mutateJson(value, random));
  const described = { mediaType, digest: digestBytes(bytes), size: bytes.length };
  const parsed = unlessRefused(() => parse(bytes, described));
  if (parsed !== undefined) {
    expect(parsed.bytes).toEqual(bytes);
    expect(Object.getPrototypeOf({})).toBe(Object.prototype);
    expect(({} as Record<string, unknown>)["annotations"]).toBeUndefined();
  }
  unlessRefused(() => describeManifest(described.digest, bytes));
  if (mediaType !== MediaType.config) unlessRefused(() => childrenOf(described, bytes));
}

const REFERENCES = [
  ...["docker.io/library/alpine:3", "ghcr.io/a/b@" + digest, "[::1]:5000/a/b:v1", "localhost/a"],
  ...["oci:out/x:1", "oci-archive:a.tar:t", "docker-archive:-", "dir:x", "./path", digest],
  ...["linux/arm/v7", "linux/amd64", "windows(10.0.1)/amd64", "a.b:443/c__d/e-f.g:T_1@" + digest],
];
/** Each writes what it reads so that it is read as the same. */
const GRAMMARS = [
  { parse: parseReference, format: formatReference },
  { parse: parseLocation, format: formatLocation },
  { parse: parsePlatform, format: formatPlatform },
  { parse: parseDigest, format: (parsed: string) => parsed },
] as const;

function readBack<T>(text: string, grammar: { parse(t: string): T; format(v: T): string }): void {
  const parsed = unlessRefused(() => grammar.parse(text));
  if (parsed !== undefined) expect(grammar.parse(grammar.format(parsed))).toEqual(parsed);
}

const YAML = [
  configuration("registry.example/a/b", { variables: { V: "1" }, config: { env: { P: "${V}" } } }),
  "version: 1\nimage: a.b/c\narchitectures: [amd64]\nlayers:\n  - name: x\n    steps:\n      - link: /a\n        target: /b\n",
  "a: &x [1, 2]\nb: *x\nc: {<<: *y}\n? [k]\n: |\n  text\n  more\n",
];

describe("whatever the text", () => {
  it("mutated manifests, indexes and configs are read or refused", () =>
    fuzz("mutated manifests, indexes and configs are read or refused", 0.07, readDocument));

  it("mutated references are read or refused, and written as they are read", () =>
    fuzz("mutated references are read or refused, and written as they are read", 0.04, (random) => {
      const text = mutateText(random.of(REFERENCES), random, REFERENCES);
      readBack(text, GRAMMARS[0]);
      readBack(text, GRAMMARS[1]);
      readBack(text, GRAMMARS[2]);
      readBack(text, GRAMMARS[3]);
    }));

  it("mutated configurations are read or refused", () =>
    fuzz("mutated configurations are read or refused", 0.06, (random) => {
      const text = mutateText(random.of(YAML), random, ["&a", "*a", "<<: *a", "!!binary ", "? "]);
      const parsed = unlessRefused(() => parseConfiguration(text, "/project/oci-kit.yaml"));
      for (const architecture of parsed?.architectures ?? []) {
        unlessRefused(() => configurationToRecipe(parsed!, architecture));
      }
    }));
});
