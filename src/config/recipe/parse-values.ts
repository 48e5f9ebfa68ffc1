// SPDX-License-Identifier: MIT
import type { ModeChange, Owner } from "../../assemble/recipe/recipe.ts";

// The schema has already checked the form of these texts.

/** Parses an owner such as `1001:1001`. */
export function parseOwner(text: string): Owner {
  const [uid = 0, gid = 0] = text.split(":").map(Number);
  return { uid, gid };
}

/** Parses octal digits such as `0755`. */
export function parseMode(text: string): number {
  return Number.parseInt(text, 8);
}

/** Parses one mode for everything, or one for files and one for directories. */
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

/** Parses `500ms`, `30s`, `1.5m` or `1h` into whole milliseconds. */
export function parseDuration(text: string): number {
  const unit = /[a-z]+$/.exec(text)?.[0] ?? "ms";
  return Math.round(Number.parseFloat(text) * UNITS[unit]!);
}
