// SPDX-License-Identifier: MIT
import type { ByteString } from "../../bytes/byte-string.ts";
import type { Named } from "../../image/by-reference/with-reference.ts";
import { compareConfigs, type ConfigDifference } from "../../image/compare-configs.ts";
import type { Descriptor } from "../../oci/documents/descriptor.ts";
import { compareNodes, type ComparedField } from "../../rootfs/compare/compare-nodes.ts";
import {
  createFindings,
  createNameComparer,
  type Difference,
} from "../../rootfs/compare/compare-trees.ts";
import type { IndexProgress } from "../../rootfs/layer-index/image-indexes.ts";
import type { RootFilesystem } from "../../rootfs/root-filesystem.ts";
import {
  openRootFilesystem,
  type OpenRoot,
  type OpenRootOptions,
} from "../open-root-filesystem.ts";
import { withEveryPair } from "../proof/paced-pairs.ts";
import { compareContent } from "../proof/same-content.ts";
import { isEnvironmentLabel } from "../xattrs/environment-labels.ts";

/** What is going on, for a person who waits. */
export type CompareProgress =
  | IndexProgress
  /** Some times a second: so many paths are compared. */
  | { readonly kind: "comparing"; readonly compared: number };

export interface CompareReferencesOptions extends Omit<OpenRootOptions, "onProgress"> {
  /** What is not compared. */
  readonly ignore?: readonly (ComparedField | "configuration")[] | undefined;
  /** Never awaited. */
  readonly onProgress?: ((event: CompareProgress) => void) | undefined;
  /** Called when both were compared, before they are closed, and awaited: for who wants to look further. */
  readonly onCompared?: ((one: OpenRoot, other: OpenRoot) => Promise<void>) | undefined;
}

/** One of two things that are compared. */
export interface Side {
  readonly name: string;
  /** Undefined for a plain directory. */
  readonly image: Descriptor | undefined;
}

/** How two root filesystems, and the configurations of their images, differ. */
export interface ReferenceComparison {
  readonly one: Side;
  readonly other: Side;
  /** How many paths exist in at least one of the two. */
  readonly compared: number;
  /** `missing` is what only the first has, `unexpected` what only the second has; `expected` is the first's value, `got` the second's. */
  readonly differences: readonly Difference[];
  /** Undefined where a side has no configuration, or it is ignored. */
  readonly configuration: readonly ConfigDifference[] | undefined;
}

/**
 * Compares two images, two plain directories, or one of each: every path with type, mode, owner, time, link,
 * device, size, content, attributes and names, and the configurations of two images. Files of images are
 * compared by the digests in their layers' indexes; a directory's are read.
 * @throws OciError what opening, indexing and reading throw
 */
export async function compareReferences(
  one: Named,
  other: Named,
  options: CompareReferencesOptions = {},
): Promise<ReferenceComparison> {
  const { ignore = [], onProgress } = options;
  const rules = { allowMissing: true, withSidecar: true, ...options, onProgress };
  const first = await openRootFilesystem(one, rules);
  try {
    const second = await openRootFilesystem(other, rules);
    try {
      const compared = {
        one: sideOf(first),
        other: sideOf(second),
        ...(await compareRoots(first.root, second.root, options)),
        configuration: ignore.includes("configuration")
          ? undefined
          : configurationOf(first, second, ignore),
      };
      await options.onCompared?.(first, second);
      return compared;
    } finally {
      await second.close();
    }
  } finally {
    await first.close();
  }
}

async function compareRoots(
  one: RootFilesystem,
  other: RootFilesystem,
  { ignore = [], signal, onProgress }: CompareReferencesOptions,
): Promise<Pick<ReferenceComparison, "compared" | "differences">> {
  const fields = ignore.filter((field) => field !== "configuration");
  const rules = { ignore: fields, ignoreXattr: isEnvironmentLabel };
  const found = createFindings();
  const names = createNameComparer();
  const undecided: ByteString[] = [];
  const compared = await withEveryPair(
    one,
    other,
    ([path, here, there]) => {
      if (here === undefined || there === undefined) {
        found.addWhole(path, there === undefined ? "missing" : "unexpected");
        return;
      }
      const nodes = compareNodes(path, here, there, rules);
      found.addNodes(path, nodes);
      if (nodes.undecided) undecided.push(path);
      names.add(path, here, there);
    },
    {
      what: `comparing ${one.name} with ${other.name}`,
      onTurn: (done) => onProgress?.({ kind: "comparing", compared: done }),
      signal,
    },
  );
  // A file that is mostly a hole has no digest in its layer's index.
  for (const path of undecided) {
    const field = await compareContent(path, one, other, { signal });
    if (field !== undefined) found.add(path, field);
  }
  if (!fields.includes("names")) found.addNames(names);
  return { compared, differences: found.differences() };
}

function sideOf({ root, image }: OpenRoot): Side {
  return { name: root.name, image: image?.descriptor };
}

/** Compares two configurations. The time of creation is one of the times that can be ignored. */
function configurationOf(
  { image: one }: OpenRoot,
  { image: other }: OpenRoot,
  ignore: readonly string[],
): readonly ConfigDifference[] | undefined {
  if (one === undefined || other === undefined) return undefined;
  const differences = compareConfigs(one.config.value, other.config.value);
  return ignore.includes("time")
    ? differences.filter(({ field }) => field !== "created")
    : differences;
}
