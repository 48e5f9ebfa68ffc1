// SPDX-License-Identifier: MIT
import type { AbortOptions } from "../../bytes/bytes.ts";
import type { Image } from "../../image/image.ts";
import type { Location } from "../../image/location.ts";
import type { OpenOptions } from "../../image/open-reference.ts";
import type { Digest } from "../../oci/digest.ts";
import type { Platform } from "../../oci/platform.ts";
import type { LayerIndexCache } from "../../rootfs/layer-index/index-cache.ts";
import type { UnpackProgress } from "../unpack/unpack-options.ts";
import type { ConversionKey, ConversionSettings } from "./conversion-key.ts";

/** A reference as people type it, where an image is, or one that is open. */
export type ConversionSource = Location | string | { readonly image: Image };

/** How an image is found and converted. */
export interface ConvertOptions extends OpenOptions, ConversionSettings {
  /** Which image of an index. */
  readonly platform?: Platform | undefined;
  /** Indexes of layers: what they show not to be needed is not read. */
  readonly cache?: LayerIndexCache | undefined;
  /** Never awaited. */
  readonly onProgress?: ((event: ConvertProgress) => void) | undefined;
}

/** Which of several conversions of one digest is meant. */
export interface FindOptions extends AbortOptions, ConversionSettings {}

/** What is going on, for a person who waits. */
export type ConvertProgress =
  | UnpackProgress
  /** Somebody else converts the same image: who that is, for people. */
  | { readonly kind: "waiting"; readonly holder: string };

/** A complete conversion. It is to be read: who writes into it changes it for everybody. */
export interface Conversion {
  readonly key: ConversionKey;
  /** Of the image's manifest. */
  readonly digest: Digest;
  /** Holds the root directory, its sidecar and `image.json`. */
  readonly directory: string;
  /** The root directory of the image, absolute. */
  readonly rootfs: string;
}

export interface Converted extends Conversion {
  /** False when it was there, or another made it. */
  readonly converted: boolean;
}
