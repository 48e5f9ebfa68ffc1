// SPDX-License-Identifier: MIT
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { makeDirectories } from "../../files/make-directories.ts";
import { replaceDurably } from "../../files/replace-durably.ts";
import { defaultCacheDirectory } from "../../store/cache-directory.ts";
import type { Context } from "../context.ts";

const NAME = "line-rates.json";
/** Registries beyond these are forgotten, those that were not used for longest first. */
const MOST = 100;

/** How many bytes a second the line to a registry took when something was last sent; undefined when nothing was. */
export function lineRate({ env }: Pick<Context, "env">, registry: string): number | undefined {
  return readRates(defaultCacheDirectory(env)).get(registry);
}

/** Keeps how fast the lines to registries are. It is worth no failure: what can't be kept is measured again. */
export function keepLineRates(
  { env }: Pick<Context, "env">,
  measured: ReadonlyMap<string, number>,
): void {
  const directory = defaultCacheDirectory(env);
  const rates = readRates(directory);
  for (const [registry, rate] of measured) {
    rates.delete(registry);
    rates.set(registry, Math.round(rate));
  }
  const kept = Object.fromEntries([...rates].slice(-MOST));
  const bytes = new TextEncoder().encode(`${JSON.stringify(kept, undefined, 2)}\n`);
  try {
    makeDirectories(directory);
    replaceDurably(directory, NAME, bytes, { stem: NAME, mode: 0o600 });
  } catch {
    // It is a cache, and the disk may be full or read-only.
  }
}

function readRates(directory: string): Map<string, number> {
  try {
    const parsed: unknown = JSON.parse(readFileSync(join(directory, NAME), "utf8"));
    const entries: [string, unknown][] = Object.entries(parsed ?? {});
    return new Map(
      entries.filter((entry): entry is [string, number] => {
        const [, rate] = entry;
        return typeof rate === "number" && rate > 0;
      }),
    );
  } catch {
    return new Map();
  }
}
