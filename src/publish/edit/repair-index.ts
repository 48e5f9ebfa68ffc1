// SPDX-License-Identifier: MIT
import { imagesFor } from "../../image/find-image.ts";
import { isAttestation } from "../../image/list-images.ts";
import type { Location } from "../../image/location.ts";
import type { Descriptor } from "../../oci/documents/descriptor.ts";
import { OciError } from "../../oci/errors.ts";
import { isIndexType } from "../../oci/media-types.ts";
import { formatPlatform, parsePlatform } from "../../oci/platform.ts";
import type { ContentStore } from "../../store/store.ts";
import { type FactOptions, policyFindings, readFacts } from "../children/child-facts.ts";
import { evaluateGates, refusal, sortFindings } from "../gates.ts";
import type { GateFinding, GateName } from "../gates/gate.ts";
import { gatherFromTags } from "../children/gather-children.ts";
import { readChildren, type Child } from "../children/index-child.ts";
import { forcedNote } from "../make-published-index.ts";
import { readOrigin } from "../records/origin.ts";
import { type Published, readHistory } from "../published-index.ts";
import { findLost } from "./lost-content.ts";
import { withEntries, withoutEntries } from "./index-entries.ts";
import {
  editTaggedIndex,
  requireIndex,
  type EditedIndex,
  type EditIndexOptions,
  type TaggedIndex,
} from "./tagged-index.ts";

export interface RepairIndexOptions extends EditIndexOptions, FactOptions {
  /** The architectures that the index must have. Default: those that it has now. */
  readonly architectures?: readonly string[] | undefined;
  /** The gates that are overridden. The repaired index records their names. */
  readonly force?: readonly GateName[] | undefined;
}

/** A repaired index, with the findings of gates that `force` overrode. */
export interface RepairedIndex extends EditedIndex {
  readonly overridden: readonly GateFinding[];
}

/**
 * Rebuilds the index under a tag from images that the store has, and builds none: entries that are whole stay;
 * one whose manifest or content is missing is replaced by what the store has under `TAG-ARCH`, with its
 * attestations; and so is added what `architectures` names and the index lacks. The gates of a push hold, but for
 * those that `force` names. An index that is broken is not remembered for a rollback, one that is whole is.
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
    overridden.push(...(await checkGates(current, kept, found.children, options)));
    const contents = found.children.flatMap(({ image, descriptor, attestations }) =>
      [descriptor, ...attestations].map((root) => ({ store: image.store, root })),
    );
    const annotations = {
      ...current.document?.value.annotations,
      ...forcedNote(overridden),
    };
    return { manifests, contents, annotations, isMended: broken.length > 0 };
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
  for (const entry of entries) {
    if ((await findLost(store, entry, options)).length > 0) broken.push(entry);
  }
  return broken;
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
async function checkGates(
  current: TaggedIndex,
  kept: readonly Child[],
  found: readonly Child[],
  options: RepairIndexOptions,
): Promise<readonly GateFinding[]> {
  const where = `${current.store.name}:${current.tag}`;
  const children = [...kept, ...found];
  const findings = [
    ...evaluateGates({
      children: await readFacts(children, options),
      architectures: options.architectures,
      published: await publishedOf(current, kept, options),
    }),
    ...(await policyFindings(children, options)),
  ];
  const { refusing, overridden } = sortFindings(findings, options.force);
  if (refusing.length > 0) throw refusal(where, refusing);
  if (children.length > 0) return overridden;
  throw new OciError("not-found", `${where}: expected an image that is whole, got none`);
}

/** What the tag names, as far as it is whole: of an image that is lost nobody can tell how old it was. */
async function publishedOf(
  { store, before, document }: TaggedIndex,
  kept: readonly Child[],
  options: RepairIndexOptions,
): Promise<Published> {
  if (before === undefined) return { state: "absent" };
  const images = imagesIn(document?.value.manifests ?? []);
  const origins = kept.map(({ descriptor: { digest }, platform, image }) => ({
    digest,
    platform,
    origin: readOrigin(image, options.keys),
  }));
  const history = await readHistory(store, document, options);
  return { state: "present", descriptor: before, document, images, origins, history };
}
