// SPDX-License-Identifier: MIT
import { AnnotationKey } from "../oci/annotations.ts";
import type { Descriptor } from "../oci/documents/descriptor.ts";
import { parseRepository, parseTag } from "../oci/reference.ts";
import { isOciError } from "../oci/errors.ts";

// How one layout holds many repositories. Content is shared by all of them: what one has by digest, each
// has. A tag is an entry of index.json whose name (org.opencontainers.image.ref.name) is
// `repository:tag`; a name without a colon, as other tools write it, is a tag of the repository that is
// called like the directory. A manifest without a tag is an entry without a name. So the directory is a
// layout at any time, and skopeo reads it as oci:DIR:repository:tag.

/** A tag of a repository. */
export interface RepositoryTag {
  readonly repository: string;
  readonly tag: string;
}

/** A tag with what it stands for. */
export interface NamedRoot extends RepositoryTag {
  /** The name of the entry in index.json. */
  readonly name: string;
  readonly descriptor: Descriptor;
}

/** The name of the entry for a tag. */
export function formatRootName({ repository, tag }: RepositoryTag): string {
  return `${repository}:${tag}`;
}

/** The tag that a name stands for; undefined when a registry can't have such a one. */
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

/** All tags of all repositories. A tag may be there under both of its names: its full one comes first. */
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

/** The repository of names that have none: called like the directory, as far as that is a repository's name. */
export function repositoryOf(directoryName: string): string {
  const name = directoryName.toLowerCase();
  return parseRootName(`${name}:latest`, name)?.repository ?? "layout";
}
