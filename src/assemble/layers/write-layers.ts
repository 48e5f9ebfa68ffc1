// SPDX-License-Identifier: MIT
import { throwIfAborted } from "../../bytes/abort.ts";
import type { ByteString } from "../../bytes/byte-string.ts";
import { createHasher } from "../../bytes/hash.ts";
import { createLayerParser } from "../../layer/parse/layer-parser.ts";
import { digestOf } from "../../oci/digest.ts";
import { OciError } from "../../oci/errors.ts";
import type { Limits } from "../../oci/limits.ts";
import { type ArrangedLayer, type CopiedFile, compareParts } from "./arrange-layer.ts";
import { entriesOf } from "../../rootfs/export/node-entries.ts";
import {
  type LayerOutput,
  type LayerOutputOptions,
  type StoredLayer,
  createLayerOutput,
} from "../../store/layer-output.ts";
import type { ArtifactTree } from "../steps/planned-entry.ts";
import { quotePath } from "../recipe/recipe-path.ts";
import type { AssembleProgress } from "../result.ts";
import type { ContentStore } from "../../store/store.ts";

export interface WriteLayersOptions extends LayerOutputOptions {
  readonly limits?: Partial<Limits> | undefined;
  readonly onProgress?: ((event: AssembleProgress) => void) | undefined;
}

/** One file for one of the new layers. */
interface Delivery {
  readonly output: LayerOutput;
  readonly file: CopiedFile;
}

/** Everything that one pass over a layer of an artifact, or over a plain directory, delivers. */
interface Pass {
  readonly tree: ArtifactTree;
  readonly layer: number;
  readonly deliveries: Delivery[];
}

const PROGRESS_STEP = 4 * 1024 * 1024;

/**
 * Writes all layers at once: every layer of an artifact that holds something wanted is read once, to
 * its end, so that it is verified, and what it holds goes straight to the layers that want it.
 * When one fails, all fail, and what is not complete leaves nothing in the target.
 */
export async function writeLayers(
  layers: readonly ArrangedLayer[],
  target: ContentStore,
  options: WriteLayersOptions,
): Promise<readonly StoredLayer[]> {
  const outputs = layers.map(() => createLayerOutput(target, options));
  try {
    for (const [at, layer] of layers.entries()) await writeHead(layer, outputs[at]!);
    const progress = createProgress(layers, options);
    for (const pass of passesOf(layers, outputs)) {
      throwIfAborted(options.signal, target.name);
      await (pass.tree.image === undefined
        ? readDirectory(pass, progress, options)
        : readArtifactLayer(pass, progress, options));
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

function passesOf(layers: readonly ArrangedLayer[], outputs: readonly LayerOutput[]): Pass[] {
  const parts = layers
    .flatMap((layer, at) => layer.parts.map((part) => ({ part, output: outputs[at]! })))
    .sort((a, b) => compareParts(a.part, b.part));
  const passes: Pass[] = [];
  let last: (typeof parts)[number] | undefined;
  for (const each of parts) {
    const { part, output } = each;
    if (last === undefined || compareParts(last.part, part) !== 0) {
      passes.push({ tree: part.tree, layer: part.layer, deliveries: [] });
    }
    last = each;
    const { deliveries } = passes.at(-1)!;
    for (const file of part.files) deliveries.push({ output, file });
  }
  return passes;
}

async function readArtifactLayer(
  pass: Pass,
  progress: (artifact: string, bytes: number) => void,
  options: WriteLayersOptions,
): Promise<void> {
  const { tree, layer } = pass;
  const wanted = new Map<number, Delivery[]>();
  for (const delivery of pass.deliveries) {
    const known = wanted.get(delivery.file.ordinal);
    if (known === undefined) wanted.set(delivery.file.ordinal, [delivery]);
    else known.push(delivery);
  }
  let current: readonly Delivery[] = [];
  const endFile = (): void => {
    for (const { output, file } of current) writeHardLinks(output, file);
    current = [];
  };
  const parser = createLayerParser(
    {
      entry(entry, { ordinal }) {
        endFile();
        current = wanted.get(ordinal) ?? [];
        wanted.delete(ordinal);
        for (const { output, file } of current) {
          checkSize(tree, file, entry.size);
          output.entry(entriesOf(file.node, file.paths.slice(0, 1))[0]!);
        }
      },
      data(chunk) {
        for (const { output } of current) output.data(chunk);
        if (current.length > 0) progress(tree.name, chunk.length * current.length);
      },
    },
    { limits: options.limits, what: `${tree.root.name}: layer ${layer}` },
  );
  const outputs = [...new Set(pass.deliveries.map(({ output }) => output))];
  for await (const chunk of tree.image!.layerTar(layer, { signal: options.signal })) {
    parser.feed(chunk);
    for (const output of outputs) await output.ready();
  }
  parser.end();
  endFile();
  const [missed] = wanted.values();
  if (missed !== undefined) throw changed(tree, missed[0]!.file.source, "it is not where it was");
}

async function readDirectory(
  pass: Pass,
  progress: (artifact: string, bytes: number) => void,
  options: WriteLayersOptions,
): Promise<void> {
  const { tree } = pass;
  for (const { output, file } of pass.deliveries) {
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
