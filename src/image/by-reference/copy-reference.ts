// SPDX-License-Identifier: MIT
import { AnnotationKey } from "../../oci/annotations.ts";
import type { Digest } from "../../oci/digest.ts";
import type { Descriptor } from "../../oci/documents/descriptor.ts";
import { OciError } from "../../oci/errors.ts";
import { formatReference } from "../../oci/reference.ts";
import { formatLocation, parseLocation, type Location } from "../location.ts";
import { copy, summarise, type CopyOptions, type CopySummary } from "../../store/copy/copy.ts";
import { blaming } from "../../store/copy/copy-error.ts";
import { openReferrers, type Referrers } from "../../store/referrers/find-referrers.ts";
import type { ContentStore, ReadableStore } from "../../store/store.ts";
import type { Transfer } from "../../store/copy/transfer.ts";
import { copyReferrers, type CopiedReferrer } from "../referrers/copy-referrers.ts";
import { copyRewritten, type RewrittenDocument } from "../rewrite/copy-rewritten.ts";
import type { RewriteWish } from "../rewrite/plan-rewrite.ts";
import {
  besides,
  rootOf,
  withSource,
  withTarget,
  type Named,
  type SourceOptions,
  type WrittenTo,
} from "./with-reference.ts";

/** What to copy of a root besides itself, and what to change on the way. */
export interface CopyExtent extends RewriteWish {
  /** Also copy what refers to the manifests copied: by subject, and by the names of cosign's tags. */
  readonly referrers?: boolean | undefined;
}

export type CopyRootOptions = CopyExtent & CopyOptions;
export type CopyReferenceOptions = SourceOptions & Omit<CopyRootOptions, "tag" | "keepRoot">;

/** What was copied of a root, or would be in a dry run. */
export interface CopiedRoot extends CopySummary {
  /** Manifests and indexes that became others on the way, children before parents. */
  readonly rewritten: readonly RewrittenDocument[];
  /** Images for other platforms, their attestations, and what refers to an index that is another now. */
  readonly dropped: readonly Descriptor[];
  /** Annotations that were left out because Docker's format can't hold them, one line each. */
  readonly droppedAnnotations: readonly string[];
  readonly referrers: readonly CopiedReferrer[];
}

/** What was copied, or would be in a dry run, and where to. */
export interface CopiedReference extends CopiedRoot, WrittenTo {
  /** Images that the source names but does not hold, as in archives by `docker save`. Empty when a platform is given. */
  readonly absent: readonly Descriptor[];
}

/**
 * Copies what a reference names to another reference, as `copyRoot` does between stores: an image, an index with
 * all its images, or the one image of an index that is for the given platform.
 * @throws OciError whatever opening the references and {@link copyRoot} throw
 */
export function copyReference(
  from: Named,
  to: Named,
  options: CopyReferenceOptions = {},
): Promise<CopiedReference> {
  checkExtent(options);
  return withSource(from, besides(to, options), async (source) => {
    const root = rememberSource(source.location, await rootOf(source, options));
    await checkTakes(to, root);
    const absent = (await source.store.capabilities.absent?.(options)) ?? [];
    const copied = await withTarget(to, options, ({ store, tag }) =>
      copyRoot(source.store, root, store, { ...options, tag }),
    );
    return { ...copied, absent: options.platform === undefined ? absent : [] };
  });
}

/** Refuses what the target can't take as soon as that is known: before anything is read, and in a dry run too. */
async function checkTakes(to: Named, root: Descriptor): Promise<void> {
  const location = typeof to === "string" ? parseLocation(to) : to;
  if (location.kind !== "docker-archive") return;
  const { checkDockerImage } = await import("../../store/archive/docker-archive.ts");
  checkDockerImage(root, formatLocation(location));
}

/** The root with the reference that it has in a registry: a layout that it is saved in keeps that with its tag. */
function rememberSource(location: Location, root: Descriptor): Descriptor {
  if (location.kind !== "registry") return root;
  const { registry, repository, tag } = location.reference;
  const savedFrom = formatReference({ registry, repository, tag, digest: root.digest });
  return { ...root, annotations: { ...root.annotations, [AnnotationKey.savedFrom]: savedFrom } };
}

/**
 * Copies a root between stores, with its referrers if they are wanted, and changed on the way if that is. The tag
 * is set last, after the referrers.
 * @throws OciError `invalid-argument` for referrers of what is changed; what `copy`, `copyRewritten` and
 *   `copyReferrers` throw
 */
export async function copyRoot(
  source: ReadableStore,
  root: Descriptor,
  target: ContentStore,
  options: CopyRootOptions = {},
): Promise<CopiedRoot> {
  checkExtent(options);
  const { platforms, format, compression, referrers, tag } = options;
  const isChanged = platforms !== undefined || format !== undefined || compression !== undefined;
  if (!isChanged && referrers !== true) {
    return { ...UNCHANGED, ...(await copy(source, root, target, options)) };
  }
  const listing = referrers === true ? await openReferrers(source, options) : undefined;
  const content = { ...options, tag: undefined, keepRoot: false };
  const copied = isChanged
    ? await copyRewritten(source, root, target, { ...content, replaces: tag })
    : { ...UNCHANGED, ...(await copy(source, root, target, content)) };
  if (tag === undefined) await nameRoot(target, copied.root, options);
  const found =
    listing && (await copyAllReferrers(source, listing, copied.transfers, target, options));
  if (tag !== undefined) await nameRoot(target, copied.root, options);
  const isOther = copied.root.digest !== root.digest;
  const left = isOther ? ((await listing?.of(root.digest)) ?? []) : [];
  return {
    ...summarise(copied.root, [...copied.transfers, ...(found?.transfers ?? [])]),
    rewritten: copied.rewritten,
    dropped: [...copied.dropped, ...left],
    droppedAnnotations: copied.droppedAnnotations,
    referrers: found?.referrers ?? [],
  };
}

const UNCHANGED = Object.freeze({
  rewritten: [],
  dropped: [],
  droppedAnnotations: [],
  referrers: [],
});

function copyAllReferrers(
  source: ReadableStore,
  listing: Referrers,
  transfers: readonly Transfer[],
  target: ContentStore,
  options: CopyRootOptions,
): ReturnType<typeof copyReferrers> {
  const subjects: Digest[] = transfers
    .filter(({ kind }) => kind === "manifest")
    .map(({ descriptor }) => descriptor.digest);
  const { concurrency, verifyPresent, dryRun, onProgress, limits, signal } = options;
  const copying = { concurrency, verifyPresent, dryRun, onProgress, limits, signal };
  return copyReferrers(source, listing, subjects, target, copying);
}

async function nameRoot(
  target: ContentStore,
  root: Descriptor,
  { tag, keepRoot = true, dryRun, signal, onProgress }: CopyRootOptions,
): Promise<void> {
  if (dryRun === true) return;
  await blaming("tag", "target", root, target, async () => {
    if (tag !== undefined) await target.tag(root, tag, { signal });
    else if (keepRoot) await target.capabilities.addRoot?.(root, { signal });
  });
  if (tag !== undefined) onProgress?.({ kind: "tagged", tag, descriptor: root });
}

function checkExtent({ referrers, format, compression, dropAnnotations }: CopyExtent): void {
  if (dropAnnotations === true && format !== "docker") {
    throw new OciError(
      "invalid-argument",
      "copy: expected annotations to be dropped only for Docker's format, got another",
      { hint: "Add --format docker, or leave --drop-annotations out." },
    );
  }
  if (referrers !== true || (format === undefined && compression === undefined)) return;
  throw new OciError(
    "invalid-argument",
    "copy: expected referrers of images that stay the same, got a format or compression that changes their digests",
    { hint: "Copy with --referrers first; signatures of the old digests don't hold for new ones." },
  );
}
