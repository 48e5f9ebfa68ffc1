// SPDX-License-Identifier: MIT
import { sourceOf } from "../../bytes/bytes.ts";
import { describe } from "../../bytes/describe-content.ts";
import {
  withSource,
  withTarget,
  type Named,
  type TargetOptions,
  type WrittenTo,
} from "../../image/by-reference/with-reference.ts";
import { parseLocation, storeOf } from "../../image/location.ts";
import { AnnotationKey } from "../../oci/annotations.ts";
import type { Descriptor } from "../../oci/documents/descriptor.ts";
import { OciError } from "../../oci/errors.ts";
import { formatJson } from "../../oci/json.ts";
import { isMediaType, MediaType } from "../../oci/media-types.ts";
import { quote } from "../../oci/quote.ts";
import { pushTagged } from "../../store/push-tagged.ts";
import type { ContentStore } from "../../store/store.ts";
import type { SkippedPath } from "../pack/pack-options.ts";
import { storeArtifactFile, titleOf, type ArtifactFile } from "./artifact-files.ts";

export interface PushArtifactOptions extends TargetOptions {
  /** What kind of artifact it is, a media type. */
  readonly artifactType: string;
  /** Annotations of the manifest. */
  readonly annotations?: Readonly<Record<string, string>> | undefined;
  /** Called for each path of a directory that no tar can hold. */
  readonly onSkipped?: ((skipped: SkippedPath) => void) | undefined;
}

/** An artifact that was pushed, or would be in a dry run. */
export interface PushedArtifact {
  readonly descriptor: Descriptor;
  /** One for each file, with its title. */
  readonly files: readonly Descriptor[];
  /** What it is about. */
  readonly subject: Descriptor | undefined;
}

const EMPTY = formatJson({});
/** The configuration of artifacts that have none (image-spec, manifest.md, "Guidance for an empty descriptor"). */
const EMPTY_CONFIG: Descriptor = {
  ...describe(MediaType.empty, EMPTY),
  data: Buffer.from(EMPTY).toString("base64"),
};

/**
 * Writes files and directories as one artifact under a tag. The same files give the same artifact.
 * @throws OciError `invalid-argument` for a type that is no media type, no files, and two of one name; what
 *   reading the files, opening and the store throw
 */
export function pushArtifact(
  to: Named,
  files: readonly ArtifactFile[],
  options: PushArtifactOptions,
): Promise<PushedArtifact & WrittenTo> {
  checkArtifact(files, options);
  return withTarget(to, options, async ({ store, tag }) => {
    const pushed = await storeArtifact(store, files, { tag }, options);
    if (options.dryRun === true || tag !== undefined) return pushed;
    await store.capabilities.addRoot?.(pushed.descriptor, options);
    return pushed;
  });
}

/**
 * Writes files and directories as one artifact about what a reference names, beside it and without a tag: it is
 * found by its subject. In a layout it is a root without a name.
 * @throws OciError as {@link pushArtifact}; `unsupported-operation` for an archive
 */
export async function attachArtifact(
  to: Named,
  files: readonly ArtifactFile[],
  options: PushArtifactOptions,
): Promise<PushedArtifact & WrittenTo> {
  checkArtifact(files, options);
  const location = typeof to === "string" ? parseLocation(to) : to;
  const place = storeOf(location);
  const subject = await withSource(location, options, async (source) => {
    const { mediaType, digest, size } = await source.root(options);
    return { mediaType, digest, size };
  });
  const written = await withTarget(place, options, async ({ store }) => {
    const pushed = await storeArtifact(store, files, { subject }, options);
    if (options.dryRun !== true) await store.capabilities.addRoot?.(pushed.descriptor, options);
    return pushed;
  });
  return { ...written, tag: undefined };
}

async function storeArtifact(
  store: ContentStore,
  files: readonly ArtifactFile[],
  {
    subject,
    tag,
  }: { readonly subject?: Descriptor | undefined; readonly tag?: string | undefined },
  { artifactType, annotations, dryRun = false, signal, onSkipped }: PushArtifactOptions,
): Promise<PushedArtifact> {
  const layers: Descriptor[] = [];
  for (const file of files) {
    layers.push(await storeArtifactFile(file, store, { dryRun, signal, onSkipped }));
  }
  const bytes = formatJson({
    schemaVersion: 2,
    mediaType: MediaType.manifest,
    artifactType,
    config: EMPTY_CONFIG,
    layers,
    ...(subject !== undefined && { subject }),
    ...(Object.keys(annotations ?? {}).length > 0 && { annotations }),
  });
  const descriptor = { ...describe(MediaType.manifest, bytes), artifactType };
  if (!dryRun) {
    await store.push(EMPTY_CONFIG, sourceOf(EMPTY), { signal });
    if (tag !== undefined) await pushTagged(store, { descriptor, bytes }, tag, { signal });
    else await store.push(descriptor, sourceOf(bytes), { signal });
  }
  return { descriptor, files: layers, subject };
}

function checkArtifact(
  files: readonly ArtifactFile[],
  { artifactType }: PushArtifactOptions,
): void {
  if (!isMediaType(artifactType)) {
    throw new OciError(
      "invalid-argument",
      `artifact: expected a media type as its type, got ${quote(artifactType)}`,
      { hint: "For example --type application/vnd.example.sbom.v1+json" },
    );
  }
  if (files.length === 0)
    throw new OciError("invalid-argument", "artifact: expected a file, got none");
  const titles = files.map(({ path }) => titleOf(path));
  const twice = titles.find((title, at) => titles.indexOf(title) !== at);
  if (twice === undefined) return;
  throw new OciError(
    "invalid-argument",
    `artifact: expected files of different names, got ${quote(twice)} twice`,
    { details: { [AnnotationKey.title]: twice } },
  );
}
