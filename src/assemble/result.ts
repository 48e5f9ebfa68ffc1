// SPDX-License-Identifier: MIT
import type { AbortOptions } from "../bytes/bytes.ts";
import type { OpenOptions } from "../image/open-reference.ts";
import type { Descriptor } from "../oci/documents/descriptor.ts";
import type { DiffId, Digest } from "../oci/digest.ts";
import type { Limits } from "../oci/limits.ts";
import type { Compression } from "../oci/media-types.ts";
import type { Platform } from "../oci/platform.ts";
import type { ContentStore, ReadableStore } from "../store/store.ts";
import type { Recipe } from "./recipe/recipe.ts";

/** What both planning and assembling can be told. */
export interface InputOptions extends AbortOptions {
  /** Where indexes of layers, blobs of registries and digests of plain files are kept. Default: nowhere. */
  readonly cache?: string | undefined;
  /** Seconds since 1970: `created`, history and the times of entries we make. Default: from the inputs. */
  readonly sourceDateEpoch?: number | undefined;
  /** For inputs in a registry. */
  readonly registry?: OpenOptions["registry"];
  readonly limits?: Partial<Limits> | undefined;
  /** Never awaited. */
  readonly onProgress?: ((event: AssembleProgress) => void) | undefined;
}

/** What an image depends on besides its recipe and inputs, and what it is compared with. */
export interface MakeOptions extends InputOptions {
  /** The tag in the target. Default `latest`. */
  readonly tag?: string | undefined;
  /** Of the layers made. Default gzip. */
  readonly compression?: Compression | undefined;
  readonly level?: number | undefined;
  /** What the images of one generation share. Default: from the recipes and all their inputs. */
  readonly runId?: string | undefined;
  /** The recipes of all architectures of this generation; only the default run id needs them. Default: this one alone. */
  readonly generation?: readonly Recipe[] | undefined;
  /** Makes the image and every layer anew, whatever the target has. */
  readonly force?: boolean | undefined;
}

export interface AssembleOptions extends MakeOptions {
  /** Where the image goes; also where the layers of the last run are found again. */
  readonly target: ContentStore;
}

export interface PlanOptions extends MakeOptions {
  /** Where the image would go; without it nothing of an earlier run is looked at. */
  readonly target?: ReadableStore | undefined;
}

/** One thing an image was made from. */
export interface InputRecord {
  /** `base`, or the artifact's name. */
  readonly name: string;
  /** As the recipe says it. May be a path of this machine: it is never written into the image. */
  readonly reference: string;
  /** Of the image's manifest; of a plain directory: of its tree. */
  readonly digest: Digest;
}

/** Something that a person should know, and that is no failure. */
export interface AssembleWarning {
  readonly kind:
    | "missing-path"
    | "nothing-to-remove"
    | "absent-input"
    | "unread-xattrs"
    | "contradicted-variable";
  /**
   * The layer's name; the architecture whose input is absent; the artifact whose attributes were not
   * read; the variable that the base's environment contradicts.
   */
  readonly where: string;
  readonly message: string;
}

/** What one layer will hold, or holds. */
export interface LayerSummary {
  readonly name: string;
  readonly entries: number;
  /** Of file contents. */
  readonly bytes: number;
}

/** What assembling would do. */
export interface AssemblePlan {
  /** False: the target already holds the image of these very inputs, complete; nothing would be done. */
  readonly changed: boolean;
  readonly platform: Platform;
  readonly inputs: readonly InputRecord[];
  /** Those above the base; empty when nothing would change. */
  readonly layers: readonly PlannedLayerSummary[];
  readonly warnings: readonly AssembleWarning[];
}

export interface PlannedLayerSummary extends LayerSummary {
  /** It would be taken over from the last run: its inputs are the same. */
  readonly reused: boolean;
  /** What would be in the layer, in its order. */
  readonly paths: readonly PlannedPath[];
}

/** One line of a dry run; text is escaped for a terminal. */
export interface PlannedPath {
  readonly type: "file" | "directory" | "symlink" | "hardlink" | "device" | "fifo" | "whiteout";
  readonly path: string;
  readonly size: number;
}

export interface AssembledLayer extends LayerSummary {
  readonly descriptor: Descriptor;
  readonly diffId: DiffId;
  /** Taken over from the last run: its inputs are the same. */
  readonly reused: boolean;
}

export interface AssembleResult {
  /** False: the target already holds the image of these very inputs, complete; nothing was done. */
  readonly changed: boolean;
  readonly platform: Platform;
  /** The manifest. */
  readonly descriptor: Descriptor;
  readonly runId: string;
  readonly inputs: readonly InputRecord[];
  /** Those above the base; empty when nothing changed. */
  readonly layers: readonly AssembledLayer[];
  readonly warnings: readonly AssembleWarning[];
}

/** What is going on, for a person who waits. */
export type AssembleProgress =
  | { readonly kind: "input"; readonly name: string; readonly digest: Digest }
  | { readonly kind: "planned"; readonly layers: readonly LayerSummary[] }
  | { readonly kind: "reused"; readonly layer: string }
  | {
      readonly kind: "read";
      readonly artifact: string;
      /** Bytes of file content written so far, of all that will be. */
      readonly bytes: number;
      readonly total: number;
    }
  | { readonly kind: "written"; readonly layer: string; readonly descriptor: Descriptor };
