// SPDX-License-Identifier: MIT
import type { ByteString } from "../../bytes/byte-string.ts";
import type { Digest } from "../../oci/digest.ts";
import type { StoredContent } from "../contents/stored-content.ts";
import { unpackMap } from "../layer-index/packed-map.ts";
import { RECORD_TYPES, type Columns, type LayerIndex } from "../layer-index/layer-index.ts";
import { findStored } from "../layer-index/find-stored.ts";
import type { Node, NodeType } from "../root-filesystem.ts";

/** A layer's index in its place in an image. */
export interface StackedLayer {
  /** The layer's number in the image, from 0, the lowest. */
  readonly number: number;
  readonly index: LayerIndex;
  /** The records that hard links lead to. */
  readonly linked: Set<number>;
}

/**
 * A node of a merged tree: a record of a layer's index, whose properties are read when asked for. A class,
 * because an image has a hundred thousand nodes: one takes 40 bytes, an object with all properties 200.
 */
export class LayerNode implements Node {
  readonly layer: StackedLayer;
  readonly record: number;

  constructor(layer: StackedLayer, record: number) {
    this.layer = layer;
    this.record = record;
  }

  #column(name: keyof Columns): number {
    return this.layer.index.columns[name][this.record]!;
  }

  #attribute(name: keyof Columns): number {
    return this.layer.index.columns[name][this.#column("attributes")]!;
  }

  /** The number of the entry in the order of the layer's parser, from 0. */
  get ordinal(): number {
    return this.#column("ordinal");
  }
  get type(): NodeType {
    return RECORD_TYPES[this.#column("type")] as NodeType;
  }
  get mode(): number {
    return this.#attribute("mode");
  }
  get uid(): number {
    return this.#attribute("uid");
  }
  get gid(): number {
    return this.#attribute("gid");
  }
  get userName(): ByteString {
    return this.layer.index.string(this.#attribute("userName"));
  }
  get groupName(): ByteString {
    return this.layer.index.string(this.#attribute("groupName"));
  }
  get mtime(): number {
    return this.#column("mtime");
  }
  get mtimeNanoseconds(): number {
    return this.#column("nanoseconds");
  }
  get size(): number {
    return this.#column("size");
  }
  get linkTarget(): ByteString {
    return this.layer.index.string(this.#column("link"));
  }
  get deviceMajor(): number {
    return this.#attribute("deviceMajor");
  }
  get deviceMinor(): number {
    return this.#attribute("deviceMinor");
  }
  get xattrs(): ReadonlyMap<ByteString, ByteString> {
    return unpackMap(this.layer.index.blob(this.#attribute("xattrs")));
  }
  get extensions(): ReadonlyMap<ByteString, ByteString> {
    return unpackMap(this.layer.index.blob(this.#attribute("extensions")));
  }
  get contentDigest(): Digest | undefined {
    return this.layer.index.digest(this.#column("digest"));
  }
  /** Where a file's content lies in its layer; undefined where the index does not say. */
  get stored(): StoredContent | undefined {
    return findStored(this.layer.index, this.record);
  }
  /** 1 when no hard link leads here. Otherwise unknown, as names may have been removed or replaced. */
  get linkCount(): 1 | undefined {
    return this.layer.linked.has(this.record) ? undefined : 1;
  }
  get head(): ByteString | undefined {
    const id = this.#column("head");
    return id === 0 ? undefined : this.layer.index.blob(id);
  }
}
