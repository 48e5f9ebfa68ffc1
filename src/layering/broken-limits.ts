// SPDX-License-Identifier: MIT
import { shortDigest } from "../oci/digest.ts";
import type { RegistryHabits } from "../registry/habits/registry-habits.ts";
import type { RechunkedLayer } from "./rechunk-image.ts";

export interface LimitsOfTarget {
  readonly habits: Pick<RegistryHabits, "name" | "blobBytes" | "uploadTime"> | undefined;
  /** How many layers are wanted at most. Default: any number. */
  readonly maxLayers?: number | undefined;
  /** Bytes a second of the way to the registry, where that is known. */
  readonly rate?: number | undefined;
}

/** The limits that an image breaks, each as one line for people: too many layers, or some that a registry won't take. */
export function brokenLimits(
  { layers }: { readonly layers: readonly Pick<RechunkedLayer, "kind" | "descriptor">[] },
  { habits, maxLayers = Infinity, rate }: LimitsOfTarget,
): string[] {
  const broken: string[] = [];
  if (layers.length > maxLayers) {
    broken.push(`${layers.length} layers, of which at most ${maxLayers} were wanted`);
  }
  const { name = "", blobBytes = Infinity, uploadTime = Infinity } = habits ?? {};
  for (const { kind, descriptor } of layers) {
    const layer = `layer ${shortDigest(descriptor.digest)} of ${descriptor.size} bytes`;
    if (descriptor.size > blobBytes) {
      broken.push(`${layer}: ${name} takes at most ${blobBytes}`);
    }
    const seconds = kind === "new" && rate !== undefined ? descriptor.size / rate : 0;
    if (seconds * 1000 > uploadTime) {
      const most = Math.round(uploadTime / 1000);
      broken.push(
        `${layer}: ${Math.round(seconds)} s at that rate, and ${name} ends uploads after ${most} s`,
      );
    }
  }
  return broken;
}
