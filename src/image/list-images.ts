// SPDX-License-Identifier: MIT
import { AnnotationKey } from "../oci/annotations.ts";
import type { Descriptor } from "../oci/documents/descriptor.ts";
import type { ImageConfig } from "../oci/documents/image-config.ts";
import { limitExceeded, type Limits, withLimits } from "../oci/limits.ts";
import { isConfigType, isIndexType, isManifestType } from "../oci/media-types.ts";
import { type Platform, isUnknownPlatform } from "../oci/platform.ts";
import { readConfig, readIndex, readManifest } from "../store/read-documents.ts";
import type { ReadableStore } from "../store/store.ts";
import type { ReadOptions } from "./image.ts";

/** What is found below a root, in the order of the documents. Indexes in indexes are opened. */
export interface ImageListing {
  /** The images, each with a platform: the one that the index gives, else that of its configuration. */
  readonly images: readonly Descriptor[];
  /** BuildKit's attestations: manifests whose descriptor names an image in {@link AnnotationKey.attestedDigest}. */
  readonly attestations: readonly Descriptor[];
  /** Artifacts, and content of unknown types. */
  readonly others: readonly Descriptor[];
}

/**
 * Whether an entry of an index is BuildKit's attestation of another entry. Its platform is `unknown/unknown`,
 * and it is not an image.
 */
export function isAttestation(descriptor: Descriptor): boolean {
  return (
    descriptor.annotations?.[AnnotationKey.attestationType] === "attestation-manifest" ||
    isUnknownPlatform(descriptor.platform)
  );
}

/** The platform that a configuration is for (image-spec, config.md). */
export function platformOf(config: ImageConfig): Platform {
  const { architecture, os, variant } = config;
  const version = config["os.version"];
  const features = config["os.features"];
  return {
    architecture,
    os,
    ...(version !== undefined && { "os.version": version }),
    ...(features !== undefined && { "os.features": features }),
    ...(variant !== undefined && { variant }),
  };
}

/**
 * Lists the images below a manifest or an index. A platform that an index gives is taken as it is; where none
 * is given, the configuration is read.
 * @throws OciError `limit-exceeded` for indexes nested too deep or too wide; what reading throws
 */
export async function listImages(
  store: ReadableStore,
  root: Descriptor,
  options: ReadOptions = {},
): Promise<ImageListing> {
  const walk: Walk = {
    store,
    options,
    limits: withLimits(options.limits),
    seen: new Set(),
    images: [],
    attestations: [],
    others: [],
  };
  await visit(walk, root, 0);
  return { images: walk.images, attestations: walk.attestations, others: walk.others };
}

interface Walk {
  readonly store: ReadableStore;
  readonly options: ReadOptions;
  readonly limits: Limits;
  readonly seen: Set<string>;
  readonly images: Descriptor[];
  readonly attestations: Descriptor[];
  readonly others: Descriptor[];
}

async function visit(walk: Walk, descriptor: Descriptor, depth: number): Promise<void> {
  const key = `${descriptor.digest} ${JSON.stringify(descriptor.platform)}`;
  if (walk.seen.has(key)) return;
  walk.seen.add(key);
  checkBounds(walk, descriptor, depth);
  if (isAttestation(descriptor)) walk.attestations.push(descriptor);
  else if (isIndexType(descriptor.mediaType)) {
    const index = await readIndex(walk.store, descriptor, walk.options);
    for (const child of index.value.manifests) await visit(walk, child, depth + 1);
  } else if (isManifestType(descriptor.mediaType)) await visitManifest(walk, descriptor);
  else walk.others.push(descriptor);
}

async function visitManifest(walk: Walk, descriptor: Descriptor): Promise<void> {
  if (saysPlatform(descriptor)) {
    walk.images.push(descriptor);
    return;
  }
  const manifest = await readManifest(walk.store, descriptor, walk.options);
  if (!isConfigType(manifest.value.config.mediaType)) {
    walk.others.push(descriptor);
    return;
  }
  const config = await readConfig(walk.store, manifest.value.config, walk.options);
  walk.images.push({ ...descriptor, platform: platformOf(config.value) });
}

/** An empty platform says nothing: podman writes one for what it did not look into. */
function saysPlatform({ platform }: Descriptor): boolean {
  return platform !== undefined && `${platform.os}${platform.architecture}` !== "";
}

function checkBounds(walk: Walk, descriptor: Descriptor, depth: number): void {
  const { children, indexDepth } = walk.limits;
  const what = `${walk.store.name}: index at ${descriptor.digest}`;
  if (depth > indexDepth) {
    const unit = "indexes in one another";
    throw limitExceeded({ what, limit: "indexDepth", allowed: indexDepth, unit });
  }
  if (walk.seen.size > children + 1) {
    throw limitExceeded({ what, limit: "children", allowed: children, unit: "children in all" });
  }
}
