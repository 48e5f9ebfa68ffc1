// SPDX-License-Identifier: MIT
import type { IndexProgress } from "../../rootfs/layer-index/image-indexes.ts";

/** What happens while an image is verified, after what its layers are indexed with. */
export type VerifyProgress =
  | IndexProgress
  /** So many paths of the root filesystem were looked at. */
  | { readonly kind: "walking"; readonly paths: number }
  /** Of so many ELF objects whose content was not known, so many are read. */
  | { readonly kind: "reading-objects"; readonly read: number; readonly total: number }
  /** Of so many programs, so many were followed to their libraries. */
  | { readonly kind: "following-programs"; readonly followed: number; readonly total: number };

/** Never awaited. */
export type OnVerifyProgress = ((event: VerifyProgress) => void) | undefined;
