// SPDX-License-Identifier: MIT
import { basename } from "node:path";
import type { AbortOptions } from "../../bytes/bytes.ts";
import { AnnotationKey } from "../../oci/annotations.ts";
import type { Descriptor } from "../../oci/documents/descriptor.ts";
import { isOciError } from "../../oci/errors.ts";
import { lockLayout } from "../layout/layout-roots.ts";
import type { LayoutStore } from "../layout/layout.ts";
import { findRoot, meansDigest } from "../layout/root-entries.ts";
import { namesIn, placeOf, removeRecord } from "./record-files.ts";
import { recordedNames } from "./repositories.ts";
import { formatRootName, parseRootName, repositoryOf, type RepositoryTag } from "./root-names.ts";
import { readTag } from "./tag-store.ts";

/**
 * A layout with the tags that the registry keeps in files, because its index.json was full, beside those that index.json
 * lists: under the same kind of name, `repository:tag`. They are listed, found and removed; one that is set anew goes to
 * index.json, whose entries count for more. Nothing is read before it is asked for.
 */
export function withFiledTags(layout: LayoutStore): LayoutStore {
  const { directory, capabilities } = layout;
  const own = repositoryOf(basename(directory));

  /** Those that index.json does not list under any of their names. */
  const filed = async (): Promise<readonly RepositoryTag[]> => {
    const listed = new Set(
      (await capabilities.tags()).flatMap((name) => {
        const tag = parseRootName(name, own);
        return tag === undefined ? [] : [formatRootName(tag)];
      }),
    );
    return [...recordedNames(directory)]
      .flatMap((repository) =>
        namesIn(placeOf(directory, repository, "_tags")).map((tag) => ({ repository, tag })),
      )
      .filter((named) => !named.tag.startsWith(".") && !listed.has(formatRootName(named)));
  };
  const read = async (named: RepositoryTag): Promise<readonly Descriptor[]> => {
    const { repository, tag } = named;
    const found = await readTag(placeOf(directory, repository, "_tags"), tag);
    if (found === undefined) return [];
    return [{ ...found, annotations: { [AnnotationKey.refName]: formatRootName(named) } }];
  };
  const readAll = async (some: readonly RepositoryTag[]): Promise<readonly Descriptor[]> => {
    const all: Descriptor[] = [];
    for (const named of some) all.push(...(await read(named)));
    return all;
  };
  const drop = ({ repository, tag }: RepositoryTag, abort?: AbortOptions): Promise<boolean> =>
    lockLayout(
      directory,
      () => removeRecord(placeOf(directory, repository, "_tags"), tag),
      abort ?? {},
    );
  /** Those that a name may mean, which is the whole one or the tag in it. */
  const meant = async (name: string): Promise<readonly RepositoryTag[]> =>
    meansDigest(name)
      ? []
      : (await filed()).filter((named) => named.tag === name || formatRootName(named) === name);
  const find = async (name: string): Promise<Descriptor | undefined> =>
    findRoot(await readAll(await meant(name)), name, layout.name);

  return {
    ...layout,
    resolve: async (reference, abort) => {
      try {
        return await layout.resolve(reference, abort);
      } catch (error) {
        const found = isOciError(error, "not-found") ? await find(reference) : undefined;
        if (found === undefined) throw error;
        return found;
      }
    },
    capabilities: {
      ...capabilities,
      tags: async (abort) =>
        [...(await capabilities.tags(abort)), ...(await filed()).map(formatRootName)].sort(),
      roots: async (abort) => [
        ...(await capabilities.roots(abort)),
        ...(await readAll(await filed())),
      ],
      untag: async (tag, abort) => {
        try {
          await capabilities.untag(tag, abort);
        } catch (error) {
          const found = isOciError(error, "not-found") ? await find(tag) : undefined;
          const name = found?.annotations?.[AnnotationKey.refName];
          const named = name === undefined ? undefined : parseRootName(name, own);
          if (named === undefined || !(await drop(named, abort))) throw error;
        }
      },
      remove: async (digest, abort) => {
        for (const named of await filed()) {
          const [found] = await read(named);
          if (found?.digest === digest) await drop(named, abort);
        }
        await capabilities.remove(digest, abort);
      },
    },
  };
}
