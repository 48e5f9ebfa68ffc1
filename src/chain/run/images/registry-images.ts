// SPDX-License-Identifier: MIT
import { resolve } from "node:path";
import { openTarget, type OpenOptions } from "../../../image/open-reference.ts";
import type { Digest } from "../../../oci/digest.ts";
import { OciError } from "../../../oci/errors.ts";
import { parseReference } from "../../../oci/reference.ts";
import { removeTree } from "../../../files/remove-tree.ts";
import { openLayout } from "../../../store/layout/layout.ts";
import type { ContentStore } from "../../../store/store.ts";
import { pushBuilt, type PushBuiltOptions } from "../../buildkit/push/push-built.ts";
import type { StageUnit } from "../../graph/stage-graph.ts";
import { type ChainImage, failedImage, readChainImage } from "../../images/chain-image.ts";
import { readRecord } from "../../images/read-record.ts";
import { keepLayout } from "./keep-layout.ts";
import type { BuiltLayout, RunImages } from "./run-images.ts";

/** Opens the repository of a graph for a run. The caller closes it. @throws OciError */
export async function openRegistryImages(
  repository: string,
  directory: string,
  options: OpenOptions = {},
): Promise<RunImages> {
  const location = { kind: "registry", reference: parseReference(repository) } as const;
  const target = await openTarget(location, options);
  const { store } = target;
  return {
    name: repository,
    kind: "registry",
    image: (unit) => read(store, unit, unit.tag, options),
    byDigest: (unit, digest) => read(store, unit, digest, options),
    record: (_, image, key) => readRecord(store, image, key, options),
    async retag(unit, digest) {
      const image = await store.resolve(digest, options);
      await store.tag({ ...image, annotations: undefined }, unit.tag, options);
    },
    publish: (unit, built, how) => publish(store, directory, unit, built, how),
    context: (_, digest) => ({ kind: "image", reference: `${repository}@${digest}` }),
    reference: (_, digest) => `${repository}@${digest}`,
    close: () => target.discard(),
  };
}

async function read(
  store: ContentStore,
  { platform }: StageUnit,
  reference: string,
  options: OpenOptions,
): Promise<ChainImage> {
  try {
    return await readChainImage(store, await store.resolve(reference, options), platform, options);
  } catch (error) {
    return failedImage(error);
  }
}

async function publish(
  store: ContentStore,
  directory: string,
  unit: StageUnit,
  built: BuiltLayout,
  options: PushBuiltOptions,
): Promise<void> {
  const { descriptor } = built;
  await pushBuilt(await openLayout(built.directory), descriptor, store, {
    ...options,
    tag: unit.tag,
  });
  const { digest } = await store.resolve(unit.tag, { signal: options.signal });
  if (digest !== descriptor.digest) throw overtaken(store, unit, descriptor.digest, digest);
  if (unit.layout === undefined) await removeTree(built.directory);
  else await keepLayout(built.directory, resolve(directory, unit.layout));
}

function overtaken(store: ContentStore, unit: StageUnit, expected: Digest, got: Digest): OciError {
  return new OciError(
    "changed-meanwhile",
    `${store.name}:${unit.tag}: expected ${expected}, which was just pushed, got ${got}`,
    { details: { unit: unit.id, expected, got }, hint: "Does another machine build this stage?" },
  );
}
