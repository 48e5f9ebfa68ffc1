// SPDX-License-Identifier: MIT
import { imagesFor } from "../../image/find-image.ts";
import { isAttestation } from "../../image/list-images.ts";
import type { Location } from "../../image/location.ts";
import type { Descriptor } from "../../oci/documents/descriptor.ts";
import { isOciError, OciError } from "../../oci/errors.ts";
import { isIndexType } from "../../oci/media-types.ts";
import { formatPlatform, parsePlatform } from "../../oci/platform.ts";
import { readGraph } from "../../store/content-graph.ts";
import type { ContentStore } from "../../store/store.ts";
import { evaluateGates, refusal, type GateFinding } from "../gates.ts";
import { gatherFromTags } from "../gather-children.ts";
import { readChildren, type Child } from "../index-child.ts";
import { factsOf } from "../plan-push.ts";
import { withEntries, withoutEntries } from "./index-entries.ts";
import {
  editTaggedIndex,
  requireIndex,
  type EditedIndex,
  type EditIndexOptions,
  type TaggedIndex,
} from "./tagged-index.ts";

export interface RepairIndexOptions extends EditIndexOptions {
  /** The architectures that the index must have. Default: those that it has now. */
  readonly architectures?: readonly string[] | undefined;
  /** The annotation or label that names the run that made an image. Default: `AnnotationKey.runId`. */
  readonly runIdKey?: string | undefined;
  /** Repair although a gate refuses. */
  readonly force?: boolean | undefined;
}

/** A repaired index, with the findings of gates that `force` overrode. */
export interface RepairedIndex extends EditedIndex {
  readonly overridden: readonly GateFinding[];
}

/**
 * Rebuilds the index under a tag from images that the store has, and builds none: entries that are whole stay;
 * one whose manifest or content is missing is replaced by what the store has under `TAG-ARCH`, with its
 * attestations; and so is added what `architectures` names and the index lacks. The gates of a push hold: no
 * platform is lost, and no generations are mixed, unless `force` says so.
 * @throws OciError `gate-refused`; `missing-input` when neither the index nor `architectures` says what it has;
 *   what can't be read is never taken for missing: that is an error
 */
export async function repairIndex(
  reference: Location | string,
  options: RepairIndexOptions = {},
): Promise<RepairedIndex> {
  const overridden: GateFinding[] = [];
  const tolerant = { ...options, isRepair: true };
  const edited = await editTaggedIndex(reference, tolerant, async (current) => {
    const { store, tag } = current;
    const isImage = current.before !== undefined && !isIndexType(current.before.mediaType);
    if (isImage) requireIndex(current);
    const entries = current.document?.value.manifests ?? [];
    const broken = await brokenEntries(store, entries, options);
    const whole = withoutEntries(entries, broken);
    const wanted = architecturesOf(current, options).filter(
      (name) => imagesFor(whole, parsePlatform(name)).length === 0,
    );
    if (current.document !== undefined && broken.length + wanted.length === 0) {
      return { manifests: entries };
    }
    const found = await gatherFromTags(store, tag, wanted, options);
    const more = found.children.flatMap(({ descriptor, attestations }) => [
      descriptor,
      ...attestations,
    ]);
    const where = `${store.name}:${tag}`;
    const manifests = withEntries(whole, more, { replace: false, where });
    const kept = await childrenOf(store, whole, where, options);
    overridden.push(...checkGates(current, [...kept, ...found.children], options));
    const contents = found.children.flatMap(({ image, descriptor, attestations }) =>
      [descriptor, ...attestations].map((root) => ({ store: image.store, root })),
    );
    return { manifests, contents };
  });
  return { ...edited, overridden };
}

function architecturesOf(
  { store, tag, document }: TaggedIndex,
  { architectures }: RepairIndexOptions,
): readonly string[] {
  if (architectures !== undefined) return architectures;
  if (document !== undefined) return imagesIn(document.value.manifests).map(platformName);
  throw new OciError(
    "missing-input",
    `${store.name}:${tag}: expected an index that says which architectures it has, got none that can be read`,
    { hint: "Name them: --arch amd64,arm64" },
  );
}

function imagesIn(entries: readonly Descriptor[]): readonly Descriptor[] {
  return entries.filter((entry) => entry.platform !== undefined && !isAttestation(entry));
}

function platformName({ platform }: Descriptor): string {
  return formatPlatform(platform!);
}

/** The entries of which the store lacks something. @throws whatever asking throws but a clear "not there" */
async function brokenEntries(
  store: ContentStore,
  entries: readonly Descriptor[],
  options: RepairIndexOptions,
): Promise<readonly Descriptor[]> {
  const broken: Descriptor[] = [];
  for (const entry of entries) if (!(await isWhole(store, entry, options))) broken.push(entry);
  return broken;
}

async function isWhole(
  store: ContentStore,
  entry: Descriptor,
  { signal, limits }: RepairIndexOptions,
): Promise<boolean> {
  try {
    const { blobs } = await readGraph(store, entry, { signal, limits });
    for (const blob of blobs) {
      const isElsewhere = blob.urls !== undefined && blob.urls.length > 0;
      if (!isElsewhere && !(await store.exists(blob, { signal }))) return false;
    }
    return true;
  } catch (error) {
    if (isOciError(error, "not-found")) return false;
    throw error;
  }
}

async function childrenOf(
  store: ContentStore,
  entries: readonly Descriptor[],
  where: string,
  options: RepairIndexOptions,
): Promise<Child[]> {
  const children: Child[] = [];
  for (const entry of imagesIn(entries)) {
    const named = { ...options, name: where, claims: [] };
    const found = await readChildren(store, entry, named);
    // The platform that the index gives stays, whatever the configuration says: a repair changes nothing of it.
    const platform = entry.platform!;
    children.push(...found.children.map((child) => ({ ...child, platform, claims: [] })));
  }
  return children;
}

/** @returns the findings that `force` overrides */
function checkGates(
  { store, tag, before, document }: TaggedIndex,
  children: readonly Child[],
  { architectures, runIdKey, force }: RepairIndexOptions,
): readonly GateFinding[] {
  const images = imagesIn(document?.value.manifests ?? []);
  const findings = evaluateGates({
    children: children.map((child) => factsOf(child, runIdKey)),
    architectures,
    published:
      before === undefined ? { state: "absent" } : { state: "present", descriptor: before, images },
  });
  if (findings.length > 0 && force !== true) throw refusal(`${store.name}:${tag}`, findings);
  if (children.length > 0) return findings;
  throw new OciError(
    "not-found",
    `${store.name}:${tag}: expected an image that is whole, got none`,
  );
}
