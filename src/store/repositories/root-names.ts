// SPDX-License-Identifier: MIT
import { AnnotationKey } from "../../oci/annotations.ts";
import type { Descriptor } from "../../oci/documents/descriptor.ts";
import { parseRepository, parseTag } from "../../oci/reference.ts";
import { isOciError } from "../../oci/errors.ts";

// How the tags of many repositories are named in one layout. A tag is an entry of index.json whose name
// (org.opencontainers.image.ref.name) is `repository:tag`. A name without a colon, as other tools write it, is
// a tag of the repository named after the directory. The directory is therefore always a valid layout, which
// skopeo reads as oci:DIR:repository:tag.

/** A tag of a repository. */
export interface RepositoryTag {
  readonly repository: string;
  readonly tag: string;
}

/** A tag and the manifest or index that it names. */
export interface NamedRoot extends RepositoryTag {
  /** The name of the entry in index.json. */
  readonly name: string;
  readonly descriptor: Descriptor;
}

/** The name of a tag's entry in index.json. */
export function formatRootName({ repository, tag }: RepositoryTag): string {
  return `${repository}:${tag}`;
}

/** The tag that an entry's name means; undefined when no registry could have such a tag. */
export function parseRootName(name: string, own: string): RepositoryTag | undefined {
  const colon = name.lastIndexOf(":");
  try {
    if (colon === -1) return { repository: own, tag: parseTag(name) };
    return {
      repository: parseRepository(name.slice(0, colon)),
      tag: parseTag(name.slice(colon + 1)),
    };
  } catch (error) {
    if (isOciError(error)) return undefined;
    throw error;
  }
}

/** All tags of all repositories. When a tag has both a full and a bare name, the full one comes first. */
export function namedRoots(roots: readonly Descriptor[], own: string): readonly NamedRoot[] {
  const found = roots.flatMap((descriptor) => {
    const name = descriptor.annotations?.[AnnotationKey.refName];
    const tag = name === undefined ? undefined : parseRootName(name, own);
    return name === undefined || tag === undefined ? [] : [{ ...tag, name, descriptor }];
  });
  return [...found.filter(isFull), ...found.filter((root) => !isFull(root))];
}

function isFull(root: NamedRoot): boolean {
  return root.name === formatRootName(root);
}

/** The repository for bare names: the directory's name in lower case, or `layout` if that is not a valid one. */
export function repositoryOf(directoryName: string): string {
  const name = directoryName.toLowerCase();
  return parseRootName(`${name}:latest`, name)?.repository ?? "layout";
}
