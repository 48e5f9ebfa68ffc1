// SPDX-License-Identifier: MIT
import { throwIfAborted } from "../../bytes/abort.ts";
import type { Digest } from "../../oci/digest.ts";
import { isOciError, OciError } from "../../oci/errors.ts";
import type { TransferTotal } from "../../store/copy/copy.ts";
import { isFallbackTag } from "../../store/referrers/referrer-tags.ts";
import type { ContentStore, ReadableStore } from "../../store/store.ts";
import { formatLocation, parseLocation, storeOf, type Location } from "../location.ts";
import { filterTags } from "../tag-patterns.ts";
import { copyRoot, type CopiedRoot, type CopyReferenceOptions } from "./copy-reference.ts";
import { besides, withSource, withTarget, type Named } from "./with-reference.ts";

export interface CopyTagsOptions extends Omit<CopyReferenceOptions, "platform"> {
  /** Copy only tags that match one of these patterns, where `*` stands for any text and `?` for one character. */
  readonly patterns?: readonly string[] | undefined;
  /** Told of each tag as it is done. Never awaited. */
  readonly onTag?: ((result: TagResult) => void) | undefined;
}

/** What became of one tag. `present`: the target's tag named the same, so nothing was asked further. */
export type TagResult =
  | { readonly tag: string; readonly action: "copied"; readonly copied: CopiedRoot }
  | { readonly tag: string; readonly action: "present"; readonly digest: Digest }
  | { readonly tag: string; readonly action: "failed"; readonly error: OciError };

/** What was copied of a repository, or would be in a dry run. */
export interface CopiedTags {
  /** The target's name. */
  readonly store: string;
  /** In the order of the tags. */
  readonly results: readonly TagResult[];
  readonly failed: number;
  /** The sums over all tags. */
  readonly sent: TransferTotal;
}

/**
 * Copies every tag of a repository, a layout or an archive into another repository or layout, with all that the
 * tags name. A tag that names the same at the target is skipped, so that an interrupted copy goes on where it was.
 * A tag that fails does not stop the others. With `referrers` the lists that fallback tags are (`sha256-<hex>`)
 * are not copied as tags: what they list is copied, and the target lists it in its own way.
 * @throws OciError `not-found` when no tag is there, or a pattern matches none; `invalid-argument` for a reference
 *   that names a tag or a digest; `unsupported-operation` for an archive as target and for a source that can't
 *   list; what opening and listing throw. What single tags fail of is in the results
 */
export async function copyTags(
  from: Named,
  to: Named,
  options: CopyTagsOptions = {},
): Promise<CopiedTags> {
  const [source, target] = [wholeStore(from), wholeStore(to)];
  return withSource(source, besides(target, options), async ({ store: read }) => {
    const tags = await tagsOf(read, source, options);
    const place = storeOf(target);
    const results: TagResult[] = [];
    const { store } = await withTarget(place, options, async ({ store: written }) => {
      for (const tag of tags) {
        const result = await copyTag(read, tag, written, options);
        options.onTag?.(result);
        results.push(result);
      }
      return {};
    });
    const sent = results.flatMap((one) => (one.action === "copied" ? [one.copied.copied] : []));
    return {
      store,
      results,
      failed: results.filter(({ action }) => action === "failed").length,
      sent: {
        count: sent.reduce((sum, { count }) => sum + count, 0),
        bytes: sent.reduce((sum, { bytes }) => sum + bytes, 0),
      },
    };
  });
}

function wholeStore(named: Named): Location {
  const location = typeof named === "string" ? parseLocation(named) : named;
  const { tag, digest } =
    location.kind === "registry"
      ? location.reference
      : {
          tag: "tag" in location ? location.tag : undefined,
          digest: "digest" in location ? location.digest : undefined,
        };
  if (tag === undefined && digest === undefined) return location;
  throw new OciError(
    "invalid-argument",
    `${formatLocation(location)}: expected a repository or a layout whose tags are all copied, got one with a tag or digest`,
    { hint: "Leave the tag out, or choose tags with --filter." },
  );
}

async function tagsOf(
  store: ReadableStore,
  location: Location,
  { patterns = [], referrers, signal }: CopyTagsOptions,
): Promise<readonly string[]> {
  const list = store.capabilities.tags;
  if (list === undefined) {
    throw new OciError("unsupported-operation", `${store.name}: it can't list its tags`);
  }
  const tags = await list({ signal });
  const wanted = referrers === true ? tags.filter((tag) => !isFallbackTag(tag)) : tags;
  return filterTags(wanted, patterns, formatLocation(location));
}

async function copyTag(
  source: ReadableStore,
  tag: string,
  target: ContentStore,
  options: CopyTagsOptions,
): Promise<TagResult> {
  const { signal } = options;
  throwIfAborted(signal, `copy: tag ${tag}`);
  try {
    const root = await source.resolve(tag, { signal });
    if (isPlain(options) && (await digestOf(target, tag, options)) === root.digest) {
      return { tag, action: "present", digest: root.digest };
    }
    const copied = await copyRoot(source, root, target, { ...options, tag });
    return { tag, action: "copied", copied };
  } catch (error) {
    throwIfAborted(signal, `copy: tag ${tag}`);
    if (!isOciError(error)) throw error;
    return { tag, action: "failed", error };
  }
}

/** Whether the same digest under the tag means that there is nothing to do. */
function isPlain({
  referrers,
  verifyPresent,
  platforms,
  format,
  compression,
}: CopyTagsOptions): boolean {
  const isChanged = platforms !== undefined || format !== undefined || compression !== undefined;
  return referrers !== true && verifyPresent !== true && !isChanged;
}

async function digestOf(
  store: ContentStore,
  tag: string,
  { signal }: CopyTagsOptions,
): Promise<Digest | undefined> {
  try {
    return (await store.resolve(tag, { signal })).digest;
  } catch (error) {
    if (isOciError(error, "not-found")) return undefined;
    throw error;
  }
}
