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

/** An image as a reference that people type, as a location, or already opened. */
export type ConversionSource = Location | string | { readonly image: Image };

/** How an image is found and converted. */
export interface ConvertOptions extends OpenOptions, ConversionSettings {
  /** Which image to take from an index. */
  readonly platform?: Platform | undefined;
  /** Indexes of layers. A layer that they show is not needed is not read. */
  readonly cache?: LayerIndexCache | undefined;
  /** Its result is never awaited. */
  readonly onProgress?: ((event: ConvertProgress) => void) | undefined;
}

/** Selects one of several conversions of the same digest. */
export interface FindOptions extends AbortOptions, ConversionSettings {}

/** Progress to show to a waiting user. */
export type ConvertProgress =
  | UnpackProgress
  /** Another process or call is converting the same image; `holder` says which, as text for people. */
  | { readonly kind: "waiting"; readonly holder: string };

/** A complete conversion. Only read it: writing into it changes it for everybody. */
export interface Conversion {
  readonly key: ConversionKey;
  /** The digest of the image's manifest. */
  readonly digest: Digest;
  /** Contains the root directory, its sidecar and `image.json`. */
  readonly directory: string;
  /** The root directory of the image, as an absolute path. */
  readonly rootfs: string;
}

export interface Converted extends Conversion {
  /** False if the conversion existed already or another process or call made it. */
  readonly converted: boolean;
}
