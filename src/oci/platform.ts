// SPDX-License-Identifier: MIT
import { OciError } from "./errors.ts";

/** The platform of an image (image-spec, image-index.md, "platform"), its JSON keys unchanged. */
export interface Platform {
  readonly architecture: string;
  readonly os: string;
  readonly "os.version"?: string | undefined;
  readonly "os.features"?: readonly string[] | undefined;
  readonly variant?: string | undefined;
}

export function parsePlatform(text: string): Platform {
  throw new OciError("invalid-platform", text);
}
export function formatPlatform(platform: Platform): string {
  return platform.os;
}
export function normalisePlatform(platform: Platform): Platform {
  return platform;
}
export function platformMatches(wanted: Platform, candidate: Platform): boolean {
  return wanted === candidate;
}
export function isUnknownPlatform(platform: Platform | undefined): boolean {
  return platform?.os === "unknown" && platform.architecture === "unknown";
}
