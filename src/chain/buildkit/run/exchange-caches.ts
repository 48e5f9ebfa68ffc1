// SPDX-License-Identifier: MIT
import { existsSync, renameSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { makeDirectories } from "../../../files/make-directories.ts";
import { ownedName, sweepAbandoned } from "../../../files/owned-name.ts";
import { removeTree } from "../../../files/remove-tree.ts";
import { writing } from "../../../files/system-error.ts";
import type { BuildRequest, CachePlace } from "../request/build-request.ts";

// BuildKit only ever adds to a local cache, which grows for ever. Each export goes to a fresh directory, which takes
// the old one's place when the build has succeeded. Until then the old one can be imported.

/** The caches of a request while it is built. */
export interface ExchangedCaches {
  readonly request: Pick<BuildRequest, "cacheFrom" | "cacheTo">;
  /** Puts the exported caches in the old ones' places. A cache that was not exported leaves the old one. */
  keep(): void;
  /** Removes what is left over. */
  discard(): Promise<void>;
}

/** In milliseconds; as for temporary contexts. */
const ABANDONED_AGE = 24 * 3600_000;
const INDEX = "index.json";

/** Leaves out local caches that are not there yet, and makes fresh places for those that are exported. */
export function exchangeCaches({ cacheFrom, cacheTo }: BuildRequest): ExchangedCaches {
  const fresh = (cacheTo ?? []).flatMap(
    (place): { readonly old: string; readonly now: string }[] =>
      place.kind === "registry" ? [] : [{ old: place.directory, now: freshPlace(place.directory) }],
  );
  const left: string[] = [];
  return {
    request: {
      cacheFrom: usableCaches(cacheFrom),
      cacheTo: cacheTo?.map((place) => {
        if (place.kind === "registry") return place;
        const found = fresh.find(({ old }) => old === place.directory);
        return { kind: "local", directory: found?.now ?? place.directory };
      }),
    },
    keep: () => {
      for (const { old, now } of fresh) {
        if (!existsSync(join(now, INDEX))) continue;
        const aside = freshPlace(old);
        writing(old, () => {
          if (existsSync(old)) renameSync(old, aside);
          renameSync(now, old);
        });
        left.push(aside);
      }
    },
    discard: async () => {
      for (const path of [...left, ...fresh.map(({ now }) => now)]) await removeTree(path);
    },
  };
}

/** The caches that can be read: BuildKit fails for a local one that nothing was exported to yet. */
export function usableCaches(
  places: readonly CachePlace[] | undefined,
): readonly CachePlace[] | undefined {
  return places?.filter(
    (place) => place.kind === "registry" || existsSync(join(place.directory, INDEX)),
  );
}

function freshPlace(directory: string): string {
  const parent = dirname(directory);
  const stem = `.${basename(directory)}.new`;
  writing(parent, () => {
    makeDirectories(parent);
    sweepAbandoned(parent, stem, ABANDONED_AGE);
  });
  return join(parent, ownedName(stem));
}
