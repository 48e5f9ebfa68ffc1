// SPDX-License-Identifier: MIT
import { readFileSync } from "node:fs";

/** The version in package.json, which has the same relative path from `src/cli` as from `dist/program`. */
export function version(): string {
  const text = readFileSync(new URL("../../package.json", import.meta.url), "utf8");
  return (JSON.parse(text) as { version: string }).version;
}
