// SPDX-License-Identifier: MIT
import { escapeText } from "../bytes/byte-string.ts";
import { OciError } from "../oci/errors.ts";
import { type Platform, formatPlatform, normalisePlatform } from "../oci/platform.ts";
import { parseTag } from "../oci/reference.ts";

/**
 * The tag of one image of an index: `<tag>-<arch>`, such as `latest-cross-riscv64`. A variant that is not the
 * architecture's usual one follows (`-armv6`); an operating system other than Linux comes before the
 * architecture.
 * @throws OciError `invalid-reference` when the result is not a valid tag
 */
export function architectureTag(tag: string, platform: Platform): string {
  return parseTag(`${tag}${suffixOf(platform)}`);
}

function suffixOf(platform: Platform): string {
  const { os, architecture, variant = "" } = normalisePlatform(platform);
  const system = os === "linux" ? "" : `${os}-`;
  return `-${system}${architecture}${variant === usualVariant(architecture) ? "" : variant}`;
}

function usualVariant(architecture: string): string {
  return architecture === "arm" ? "v7" : "";
}

/**
 * Refuses a tag for an index that looks like the tag of one architecture: `latest-amd64` must name an amd64
 * image, never an index.
 * @throws OciError `invalid-argument`; `invalid-reference` when it is not a valid tag
 */
export function checkIndexTag(tag: string, platforms: readonly Platform[]): void {
  parseTag(tag);
  const claimed = platforms.find((platform) => tag.endsWith(suffixOf(platform)));
  if (claimed === undefined) return;
  throw new OciError(
    "invalid-argument",
    `index tag ${tag}: expected a tag that names no architecture, got one that reads as an image for ${escapeText(formatPlatform(claimed))}`,
    {
      details: { tag },
      hint: `The images' own tags are made from the index's: push ${tag.slice(0, -suffixOf(claimed).length)}.`,
    },
  );
}
