// SPDX-License-Identifier: MIT
import type { AbortOptions } from "../../bytes/bytes.ts";
import type {
  Conversion,
  ConversionSource,
  Converted,
  ConvertOptions,
  FindOptions,
} from "./conversion.ts";
import { openConversionStore } from "./conversion-store.ts";
import { convert } from "./convert-image.ts";
import { linkName, resolveName, unlinkName } from "./give-names.ts";
import { listConversions, type ConversionList } from "./list-conversions.ts";
import { prune, type Pruned, type PruneOptions } from "./prune-conversions.ts";

export * from "./conversion.ts";
export type { ConversionKey, ConversionSettings } from "./conversion-key.ts";
export type { ImageRecord } from "./image-record.ts";
export type { ConversionList, ListedConversion, NamedConversion } from "./list-conversions.ts";
export type { Pruned, PrunedConversion, PruneOptions } from "./prune-conversions.ts";

/** A store of images as root directories. Each is converted once and kept by its digest; names are links to them. */
export interface Conversions {
  /** Absolute path. */
  readonly directory: string;
  /**
   * Converts an image, unless its digest was already converted under any name, and then points the given
   * names to the conversion. From an index it takes the image for `platform`. If two callers, in one
   * process or two, want the same digest at once, one converts and the other waits. A name is moved only to
   * a complete and proven conversion; until then, and if anything fails or is killed, it keeps its old
   * meaning.
   * @throws OciError `invalid-argument` for a name; `gate-refused` if the directory is not what the image
   * says; `invalid-layout` if something foreign is in a name's place; what opening and unpacking throw
   */
  convert(
    source: ConversionSource,
    names: readonly string[],
    options?: ConvertOptions,
  ): Promise<Converted>;
  /**
   * Points a name to the conversion that another name, or a digest, means. Reads nothing of the image.
   * @throws OciError `not-found` if there is no complete conversion, as in {@link Conversions.resolve}
   */
  link(source: string, name: string, options?: FindOptions): Promise<Conversion>;
  /** Removes a name. Its conversion stays until {@link Conversions.prune}. @throws OciError `not-found` */
  unlink(name: string, options?: AbortOptions): Promise<void>;
  /**
   * The conversion that a name or an image digest means. It is marked as used now.
   * @throws OciError `not-found`, also if the name's conversion is gone; `ambiguous` for a digest that was
   * converted in several ways, none of them with these settings
   */
  resolve(source: string, options?: FindOptions): Promise<Conversion>;
  /** All names and conversions, and what is wrong with them. @throws OciError `not-found`, `unreadable` */
  list(): Promise<ConversionList>;
  /**
   * Removes conversions that no name points to and that have not been used for a while, and what killed
   * processes left. Each conversion disappears in one step. Safe to run beside any other operation.
   * @throws OciError `invalid-layout`, `unreadable` if the meaning of a name can't be determined; then
   * nothing is removed
   */
  prune(options?: PruneOptions): Promise<Pruned>;
}

/**
 * Opens a store of conversions. Its directory is created by the first conversion. Nothing is kept open: all
 * state is on disk, and any number of processes may use the store at once. docs/conversions.md describes
 * it.
 */
export function openConversions(directory: string): Conversions {
  const store = openConversionStore(directory);
  return {
    directory: store.directory,
    convert: (source, names, options = {}) => convert(store, source, names, options),
    link: (source, name, options = {}) => linkName(store, source, name, options),
    unlink: (name, options = {}) => unlinkName(store, name, options),
    resolve: (source, options = {}) => resolveName(store, source, options),
    list: () => listConversions(store),
    prune: (options = {}) => prune(store, options),
  };
}
