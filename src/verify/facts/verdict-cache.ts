// SPDX-License-Identifier: MIT
import { join } from "node:path";
import { digestBytes } from "../../bytes/hash.ts";
import { digestEncoded, type Digest } from "../../oci/digest.ts";
import { defaultCacheDirectory } from "../../store/cache-directory.ts";
import { openDigestCache } from "../../store/digest-cache.ts";

/** What a verdict is about: images by digest, and all that they were held to. */
export interface VerdictSubject {
  readonly images: readonly Digest[];
  /** As JSON: for each image what it has to keep. */
  readonly rules: unknown;
}

/** Remembers which images passed, so that the same images under the same rules are not looked into again. */
export interface VerdictCache {
  hasPassed(subject: VerdictSubject): Promise<boolean>;
  /** What can't be written is not remembered, which is no error. */
  remember(subject: VerdictSubject): Promise<void>;
}

/** To be raised with every change of what verify finds. */
export const FINDINGS_VERSION = 2;

/** Keeps verdicts in a directory. Default: `verdicts` in the user's cache directory. Only what passed is kept. */
export function openVerdictCache(
  directory: string = join(defaultCacheDirectory(), "verdicts"),
): VerdictCache {
  const cache = openDigestCache(directory);
  return {
    async hasPassed(subject) {
      try {
        return (await cache.get(keyOf(subject))) !== undefined;
      } catch {
        return false;
      }
    },
    async remember(subject) {
      try {
        await cache.getOrCreate(keyOf(subject), () => Promise.resolve());
      } catch {
        // The images are looked into again.
      }
    },
  };
}

function keyOf({ images, rules }: VerdictSubject): string {
  const text = JSON.stringify([FINDINGS_VERSION, images, rules]);
  return `v${FINDINGS_VERSION}-${digestEncoded(digestBytes(new TextEncoder().encode(text)))}`;
}
