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
import { convert } from "./convert.ts";
import { linkName, resolveName, unlinkName } from "./give-names.ts";
import { listConversions, type ConversionList } from "./list-conversions.ts";
import { prune, type Pruned, type PruneOptions } from "./prune.ts";

export * from "./conversion.ts";
export type { ConversionKey, ConversionSettings } from "./conversion-key.ts";
export type { ImageRecord } from "./image-record.ts";
export type { ConversionList, ListedConversion, NamedConversion } from "./list-conversions.ts";
export type { Pruned, PrunedConversion, PruneOptions } from "./prune.ts";

/** Images as root directories, each converted once and kept by digest; names are links to them. */
export interface Conversions {
  /** Absolute. */
  readonly directory: string;
  /**
   * Converts an image, unless its digest was converted already, by whatever name; then lets the names
   * mean it. Of an index, the image for `platform`. Two that want the same digest at once, in one
   * process or two, do it once, and the second waits. A name moves only to what is complete and
   * proven: until then, and when anything fails or is killed, it means what it meant.
   * @throws OciError `invalid-argument` for a name; `gate-refused` when the directory is not what the
   * image says; `invalid-layout` for a foreign thing in a name's place; what opening and unpacking throw
   */
  convert(
    source: ConversionSource,
    names: readonly string[],
    options?: ConvertOptions,
  ): Promise<Converted>;
  /**
   * Lets a name mean what another name, or a digest, means. Reads nothing of the image.
   * @throws OciError `not-found` when that is not complete here, as {@link Conversions.resolve}
   */
  link(source: string, name: string, options?: FindOptions): Promise<Conversion>;
  /** Removes a name; what it meant stays until {@link Conversions.prune}. @throws OciError `not-found` */
  unlink(name: string, options?: AbortOptions): Promise<void>;
  /**
   * The conversion that a name, or the digest of an image, means; marked as used now.
   * @throws OciError `not-found`, also when the name's conversion is gone; `ambiguous` for a digest that
   * was converted in several ways, none of them with these settings
   */
  resolve(source: string, options?: FindOptions): Promise<Conversion>;
  /** All names and conversions, with what is wrong with them. @throws OciError `not-found`, `unreadable` */
  list(): Promise<ConversionList>;
  /**
   * Removes the conversions that no name means and nobody has used for a while, and what killed
   * processes left. Each goes out of sight in one step. Safe beside everything else.
   * @throws OciError `invalid-layout`, `unreadable` when what a name means can't be told: then nothing is
   * removed
   */
  prune(options?: PruneOptions): Promise<Pruned>;
}

/**
 * Opens a store of conversions; its directory is made by the first one. Nothing is kept open: the state
 * is what is on the disk, and any number of processes may work with it at once. docs/conversions.md
 * describes it.
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
