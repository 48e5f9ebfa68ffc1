// SPDX-License-Identifier: MIT
import { throwIfAborted } from "../../bytes/abort.ts";
import type { ByteString } from "../../bytes/byte-string.ts";
import { compressorsAtOnce } from "../../bytes/compression.ts";
import { createHasher } from "../../bytes/hash.ts";
import { digestOf } from "../../oci/digest.ts";
import { OciError } from "../../oci/errors.ts";
import type { Limits } from "../../oci/limits.ts";
import {
  createContentPlanner,
  type ContentPlan,
  type ContentPlanner,
  type LayerPass,
} from "../../rootfs/contents/content-plan.ts";
import { handOutPass, type ContentConsumer } from "../../rootfs/contents/hand-out-contents.ts";
import { nameLayer } from "../../rootfs/contents/open-layer-tar.ts";
import { readLayerOnce } from "../../rootfs/contents/read-layer-once.ts";
import type { ArrangedLayer, CopiedFile } from "./arrange-layer.ts";
import { entriesOf } from "../../rootfs/export/node-entries.ts";
import {
  type LayerOutput,
  type LayerOutputOptions,
  type StoredLayer,
  createLayerOutput,
} from "../../store/layer-output.ts";
import type { ArtifactTree } from "../steps/planned-entry.ts";
import { quotePath } from "../recipe/recipe-path.ts";
import type { AssembleProgress } from "../assemble-options.ts";
import type { ContentStore } from "../../store/store.ts";

export interface WriteLayersOptions extends LayerOutputOptions {
  readonly limits?: Partial<Limits> | undefined;
  readonly onProgress?: ((event: AssembleProgress) => void) | undefined;
}

/** One file to be written to one of the new layers. */
interface Delivery {
  readonly output: LayerOutput;
  readonly file: CopiedFile;
}

const PROGRESS_STEP = 4 * 1024 * 1024;

/**
 * Writes layers, all at once or as many as `compressorsAtOnce` says. Every artifact layer that holds something wanted of
 * these is read once for them, to its end so that it is verified, and its files go straight to the layers that want them.
 * If one layer fails, all fail, and incomplete layers leave nothing in the target.
 */
export async function writeLayers(
  layers: readonly ArrangedLayer[],
  target: ContentStore,
  options: WriteLayersOptions,
): Promise<readonly StoredLayer[]> {
  const atOnce = await compressorsAtOnce(options.compression);
  const progress = createProgress(layers, options);
  const stored: StoredLayer[] = [];
  while (stored.length < layers.length) {
    const some = layers.slice(stored.length, stored.length + atOnce);
    stored.push(...(await writeTogether(some, target, progress, options)));
  }
  return stored;
}

async function writeTogether(
  layers: readonly ArrangedLayer[],
  target: ContentStore,
  progress: (artifact: string, bytes: number) => void,
  options: WriteLayersOptions,
): Promise<readonly StoredLayer[]> {
  const outputs = layers.map(() => createLayerOutput(target, options));
  try {
    for (const [at, layer] of layers.entries()) await writeHead(layer, outputs[at]!);
    for (const [tree, { passes }] of planDeliveries(layers, outputs)) {
      for (const pass of passes) {
        throwIfAborted(options.signal, target.name);
        await (tree.image === undefined
          ? readDirectory(tree, pass, progress, options)
          : readArtifactLayer(tree, pass, progress, options));
      }
    }
    return await Promise.all(outputs.map((output) => output.finish()));
  } catch (error) {
    await Promise.all(outputs.map((output) => output.abort(error)));
    throw error;
  }
}

async function writeHead(layer: ArrangedLayer, output: LayerOutput): Promise<void> {
  for (const { entry, content } of layer.head) {
    output.entry(entry);
    if (content !== undefined) output.data(content);
    await output.ready();
  }
}

/** What all layers want from each artifact, sorted by artifact name. */
function planDeliveries(
  layers: readonly ArrangedLayer[],
  outputs: readonly LayerOutput[],
): [ArtifactTree, ContentPlan<Delivery>][] {
  const planners = new Map<ArtifactTree, ContentPlanner<Delivery>>();
  for (const [at, { parts }] of layers.entries()) {
    const output = outputs[at]!;
    for (const { tree, contents } of parts) {
      let planner = planners.get(tree);
      if (planner === undefined) planners.set(tree, (planner = createContentPlanner<Delivery>()));
      for (const { layer, round, entries, wants } of contents.passes) {
        for (const [index, file] of wants.entries()) {
          planner.add({ layer, entry: entries[index]! }, { output, file }, file.node.size, round);
        }
      }
    }
  }
  return [...planners]
    .sort(([a], [b]) => (a.name < b.name ? -1 : 1))
    .map(([tree, planner]) => [tree, planner.plan()]);
}

async function readArtifactLayer(
  tree: ArtifactTree,
  pass: LayerPass<Delivery>,
  progress: (artifact: string, bytes: number) => void,
  options: WriteLayersOptions,
): Promise<void> {
  const outputs = [...new Set(pass.wants.map(({ output }) => output))];
  let current: readonly Delivery[] = [];
  const deliver: ContentConsumer<Delivery> = {
    start(entry, _, deliveries) {
      current = deliveries;
      for (const { output, file } of current) {
        checkSize(tree, file, entry.size);
        output.entry(entriesOf(file.node, file.paths.slice(0, 1))[0]!);
      }
    },
    data(chunk) {
      for (const { output } of current) output.data(chunk);
      progress(tree.name, chunk.length * current.length);
    },
    finish() {
      for (const { output, file } of current) writeHardLinks(output, file);
    },
    async ready() {
      for (const output of outputs) await output.ready();
    },
  };
  const { image } = tree.image!;
  const { limits, signal } = options;
  const listener = handOutPass(pass, deliver, nameLayer(image, pass.layer));
  await readLayerOnce({ image, limits }, pass.layer, [listener], { signal });
}

async function readDirectory(
  tree: ArtifactTree,
  { wants }: LayerPass<Delivery>,
  progress: (artifact: string, bytes: number) => void,
  options: WriteLayersOptions,
): Promise<void> {
  for (const { output, file } of wants) {
    const hasher = createHasher("sha256");
    output.entry(entriesOf(file.node, file.paths.slice(0, 1))[0]!);
    let size = 0;
    for await (const chunk of tree.root.read(file.source, { signal: options.signal })) {
      size += chunk.length;
      if (size > file.node.size) break;
      hasher.update(chunk);
      output.data(chunk);
      progress(tree.name, chunk.length);
      await output.ready();
    }
    checkSize(tree, file, size);
    if (digestOf("sha256", hasher.hex()) !== file.node.contentDigest) {
      throw changed(tree, file.source, "its content is another");
    }
    writeHardLinks(output, file);
    await output.ready();
  }
}

function writeHardLinks(output: LayerOutput, file: CopiedFile): void {
  for (const link of entriesOf(file.node, file.paths).slice(1)) output.entry(link);
}

function checkSize(tree: ArtifactTree, file: CopiedFile, size: number): void {
  if (size === file.node.size) return;
  throw changed(tree, file.source, `its size is ${size} instead of ${file.node.size}`);
}

function changed(tree: ArtifactTree, path: ByteString, how: string): OciError {
  return new OciError(
    "unreadable",
    `${tree.root.name}: ${quotePath(path)}: expected what was found when the image was planned, but ${how}`,
    { details: { artifact: tree.name, path }, hint: "It changed meanwhile: run it again." },
  );
}

function createProgress(
  layers: readonly ArrangedLayer[],
  options: WriteLayersOptions,
): (artifact: string, bytes: number) => void {
  const { onProgress } = options;
  if (onProgress === undefined) return () => undefined;
  const total = layers.reduce((sum, layer) => sum + layer.bytes, 0);
  let done = 0;
  let told = 0;
  return (artifact, bytes) => {
    done += bytes;
    if (done - told < PROGRESS_STEP) return;
    told = done;
    onProgress({ kind: "read", artifact, bytes: done, total });
  };
}
