// SPDX-License-Identifier: MIT
import { KNOWN_ARCHITECTURES } from "../oci/known-platforms.ts";
import { formatPlatform, parsePlatform } from "../oci/platform.ts";

/**
 * Whether the text (`riscv64`, `linux/arm/v7`) names an existing architecture. A mistyped one does not exist.
 */
export function isKnownArchitecture(text: string): boolean {
  try {
    return KNOWN_ARCHITECTURES.includes(parsePlatform(text).architecture);
  } catch {
    return false;
  }
}

/** The architecture that a text has the letters of, in another order: `riscv64` for `riscv46`. Others may exist. */
export function meantArchitecture(text: string): string | undefined {
  if (isKnownArchitecture(text)) return undefined;
  const letters = sorted(text.toLowerCase());
  return KNOWN_ARCHITECTURES.find((known) => sorted(known) === letters);
}

function sorted(text: string): string {
  return Array.from(text).sort().join("");
}

/** Whether two texts name the same architecture, however each is written (`arm64`, `linux/arm64/v8`). */
export function isSameArchitecture(a: string, b: string): boolean {
  return a === b || formatPlatform(parsePlatform(a)) === formatPlatform(parsePlatform(b));
}
