// SPDX-License-Identifier: MIT
import type { AbortOptions } from "../bytes/bytes.ts";
import type { LevelWish } from "../bytes/level/compression-choice.ts";
import type { Image } from "../image/image.ts";
import type { ComponentShare } from "../layering/plan/new-layer.ts";
import type { OpenOptions } from "../image/open-reference.ts";
import type { Descriptor } from "../oci/documents/descriptor.ts";
import type { DiffId, Digest } from "../oci/digest.ts";
import type { Limits } from "../oci/limits.ts";
import type { Compression } from "../oci/media-types.ts";
import type { Platform } from "../oci/platform.ts";
import type { ContentStore, ReadableStore } from "../store/store.ts";
import type { Recipe } from "./recipe/recipe.ts";

/** Options that both planning and assembling take. */
export interface InputOptions extends AbortOptions {
  /**
   * The directory for indexes of layers, blobs from registries and digests of plain files. Default: nothing
   * is cached.
   */
  readonly cache?: string | undefined;
  /**
   * Seconds since 1970: sets `created`, the history and the times of entries we make. Default: derived from
   * the inputs.
   */
  readonly sourceDateEpoch?: number | undefined;
  /**
   * Takes layers of artifacts in the target's registry for what their tables of contents (zstd:chunked, eStargz) say,
   * without reading them. Only the artifacts' authors vouch for that. Default: false; what the cache does not know is
   * read once.
   */
  readonly trustTables?: boolean | undefined;
  /** How to reach inputs in a registry. */
  readonly registry?: OpenOptions["registry"];
  /** Where to keep input archives that can't be read in place, while they are read. */
  readonly spoolDirectory?: OpenOptions["spoolDirectory"];
  readonly onSpool?: OpenOptions["onSpool"];
  readonly limits?: Partial<Limits> | undefined;
  /** Its result is never awaited. */
  readonly onProgress?: ((event: AssembleProgress) => void) | undefined;
}

/** Options that affect the image, besides its recipe and inputs, or that it is compared with. */
export interface MakeOptions extends InputOptions {
  /** The tag in the target. Default `latest`. */
  readonly tag?: string | undefined;
  /**
   * The compression of new layers; with it, layers of artifacts are reused only if they are compressed so. Default gzip,
   * and for these any.
   */
  readonly compression?: Compression | undefined;
  /**
   * The level of new layers; with a number, no layer of an artifact is reused. A level that is found first is asked for
   * only when a layer is to be made, and is no input: what it makes is up to date also when another would be found, and
   * layers of artifacts are reused if they are compressed at all.
   */
  readonly level?: LevelWish | undefined;
  /** The run id that the images of one generation share. Default: derived from the recipes and all their inputs. */
  readonly runId?: string | undefined;
  /**
   * The recipes of all architectures of this generation, needed only for the default run id. Default: this
   * recipe alone.
   */
  readonly generation?: readonly Recipe[] | undefined;
  /**
   * Texts that stand for the inputs of all architectures, as a lock file does. With them the default run id is made of
   * the recipes and these, and no input of another architecture is asked for.
   */
  readonly shared?: readonly string[] | undefined;
  /**
   * The image whose layers are kept where the recipe splits a layer. Default: what the tag names now. Null keeps none.
   */
  readonly previous?: Image | null | undefined;
  /** About how many bytes of tar a layer that another is split into may have at most. Default: any number. */
  readonly layerBytes?: number | undefined;
  /** Makes the image and every layer anew, even if the target already has them. */
  readonly force?: boolean | undefined;
}

export interface AssembleOptions extends MakeOptions {
  /** Where the image goes, and where layers of the last run are looked up. */
  readonly target: ContentStore;
}

export interface PlanOptions extends MakeOptions {
  /** Where the image would go. Without it, no earlier image is considered. */
  readonly target?: ReadableStore | undefined;
}

/** One input that an image was made from. */
export interface InputRecord {
  /** `base`, or the artifact's name. */
  readonly name: string;
  /** The reference in the recipe. It may be a path of this machine, so it is never written into the image. */
  readonly reference: string;
  /** The digest of the image's manifest or, for a plain directory, of its file tree. */
  readonly digest: Digest;
}

/** Something that the user should know but that is not a failure. */
export interface AssembleWarning {
  readonly kind:
    | "missing-path"
    | "nothing-to-remove"
    | "absent-input"
    | "unread-xattrs"
    | "contradicted-variable"
    | "unread-packages"
    | "trusted-tables";
  /**
   * The layer's name; or the architecture whose input is absent; or the artifact whose attributes were not
   * read, or of which layers were taken unread; or the variable that the base's environment contradicts.
   */
  readonly where: string;
  readonly message: string;
}

/** What one layer holds or will hold. */
export interface LayerSummary {
  readonly name: string;
  readonly entries: number;
  /** Total bytes of file contents. */
  readonly bytes: number;
}

/** What assembling would do. */
export interface AssemblePlan {
  /**
   * False if the target already holds this image, made from these inputs and complete, so that nothing
   * would be done.
   */
  readonly changed: boolean;
  readonly platform: Platform;
  readonly inputs: readonly InputRecord[];
  /** The layers above the base; empty if nothing would change. */
  readonly layers: readonly PlannedLayerSummary[];
  readonly warnings: readonly AssembleWarning[];
  /** The layers of the base; absent if nothing would change. */
  readonly base?: readonly { readonly descriptor: Descriptor; readonly action: LayerAction }[];
}

/** How a layer comes to the target: it has it, its registry can mount it, it is sent as it stands, or made and sent. */
export type LayerAction = "kept" | "mounted" | "sent" | "new";

/** What a layer is that a layer of the recipe was split into. */
export interface SplitPart {
  /** What it holds, for people. */
  readonly group?: string | undefined;
  /** Of a new one: the components in it, the largest first. */
  readonly components?: readonly ComponentShare[] | undefined;
  /** Of a new one: how many paths it removes from those below. */
  readonly removed?: number | undefined;
  /** Of a kept one: bytes of its tar that others replaced or removed. */
  readonly deadBytes?: number | undefined;
}

/** A layer that the image would have; without a descriptor for one that would be empty, and left out. */
export interface PlannedLayerSummary extends LayerSummary, SplitPart {
  readonly action?: LayerAction | undefined;
  readonly descriptor?: Descriptor | undefined;
  /** True if the layer would be reused: from the last run because its inputs are the same, or from an artifact. */
  readonly reused: boolean;
  /** The artifact whose layers, as they stand, would be this one. */
  readonly artifact?: string | undefined;
  /** What the layer would contain, in order. */
  readonly paths: readonly PlannedPath[];
}

/** One line of a dry run. Text is escaped for a terminal. */
export interface PlannedPath {
  readonly type: "file" | "directory" | "symlink" | "hardlink" | "device" | "fifo" | "whiteout";
  readonly path: string;
  readonly size: number;
}

export interface AssembledLayer extends LayerSummary, SplitPart {
  readonly action: LayerAction;
  readonly descriptor: Descriptor;
  readonly diffId: DiffId;
  /** True if the layer was reused: from the last run because its inputs are the same, or from an artifact. */
  readonly reused: boolean;
  /** The artifact whose layer this is, as it stands there. */
  readonly artifact?: string | undefined;
}

export interface AssembleResult {
  /** False if the target already held this image, made from these inputs and complete, so that nothing was done. */
  readonly changed: boolean;
  readonly platform: Platform;
  /** The descriptor of the image's manifest. */
  readonly descriptor: Descriptor;
  readonly runId: string;
  readonly inputs: readonly InputRecord[];
  /**
   * The layers above the base; empty if nothing changed. A layer of the recipe can be several layers of an artifact:
   * these follow each other, and have the same name.
   */
  readonly layers: readonly AssembledLayer[];
  readonly warnings: readonly AssembleWarning[];
}

/** Progress to show to a waiting user. */
export type AssembleProgress =
  | { readonly kind: "input"; readonly name: string; readonly digest: Digest }
  | { readonly kind: "planned"; readonly layers: readonly LayerSummary[] }
  | { readonly kind: "reused"; readonly layer: string }
  | {
      readonly kind: "read";
      readonly artifact: string;
      /** Bytes of file content written so far; `total` is how many there will be. */
      readonly bytes: number;
      readonly total: number;
    }
  | { readonly kind: "written"; readonly layer: string; readonly descriptor: Descriptor };
