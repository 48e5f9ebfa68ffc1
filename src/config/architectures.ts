// SPDX-License-Identifier: MIT
import { formatPlatform, parsePlatform } from "../oci/platform.ts";

/** The architectures that an image can have (Go's GOARCH, to which the image-spec refers). */
const KNOWN: ReadonlySet<string> = new Set([
  "386",
  "amd64",
  "arm",
  "arm64",
  "loong64",
  "mips",
  "mips64",
  "mips64le",
  "mipsle",
  "ppc64",
  "ppc64le",
  "riscv64",
  "s390x",
  "wasm",
]);

/**
 * Whether the text (`riscv64`, `linux/arm/v7`) names an existing architecture. A mistyped one does not exist.
 */
export function isKnownArchitecture(text: string): boolean {
  try {
    return KNOWN.has(parsePlatform(text).architecture);
  } catch {
    return false;
  }
}

/** The architecture that a text has the letters of, in another order: `riscv64` for `riscv46`. Others may exist. */
export function meantArchitecture(text: string): string | undefined {
  if (isKnownArchitecture(text)) return undefined;
  const letters = sorted(text.toLowerCase());
  return [...KNOWN].find((known) => sorted(known) === letters);
}

function sorted(text: string): string {
  return Array.from(text).sort().join("");
}

/** Whether two texts name the same architecture, however each is written (`arm64`, `linux/arm64/v8`). */
export function isSameArchitecture(a: string, b: string): boolean {
  return a === b || formatPlatform(parsePlatform(a)) === formatPlatform(parsePlatform(b));
}
