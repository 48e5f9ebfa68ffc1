// SPDX-License-Identifier: MIT
import type { ModeChange, Owner } from "../assemble/recipe/recipe.ts";

// The schema has checked the form of all these.

/** `1001:1001` */
export function parseOwner(text: string): Owner {
  const [uid = 0, gid = 0] = text.split(":").map(Number);
  return { uid, gid };
}

/** Octal digits, as `0755`. */
export function parseMode(text: string): number {
  return Number.parseInt(text, 8);
}

/** One mode for all, or one for files and one for directories. */
export function parseModes(
  mode: string | { readonly files?: string | undefined; readonly directories?: string | undefined },
): ModeChange {
  if (typeof mode === "string") return { files: parseMode(mode), directories: parseMode(mode) };
  const { files, directories } = mode;
  return {
    files: files === undefined ? undefined : parseMode(files),
    directories: directories === undefined ? undefined : parseMode(directories),
  };
}

const UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };

/** `500ms`, `30s`, `1.5m`, `1h` in whole milliseconds. */
export function parseDuration(text: string): number {
  const unit = /[a-z]+$/.exec(text)?.[0] ?? "ms";
  return Math.round(Number.parseFloat(text) * UNITS[unit]!);
}
