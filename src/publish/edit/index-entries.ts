// SPDX-License-Identifier: MIT
import { escapeText } from "../../bytes/byte-string.ts";
import { isSamePlatform } from "../../image/find-image.ts";
import { isAttestation } from "../../image/list-images.ts";
import { listDescriptors } from "../../image/only-root.ts";
import { AnnotationKey } from "../../oci/annotations.ts";
import { shortDigest } from "../../oci/digest.ts";
import type { Descriptor } from "../../oci/documents/descriptor.ts";
import { OciError } from "../../oci/errors.ts";
import { formatPlatform, platformMatches, type Platform } from "../../oci/platform.ts";
import { quote } from "../../oci/quote.ts";

/** Which entry of an index is meant: the images for a platform, or the entry with a digest or the start of one. */
export type EntryChoice =
  | { readonly platform: Platform }
  /** At least six digits of the digest behind `sha256:`. */
  | { readonly digest: string };

const SHORTEST = 6;

/**
 * The entries that are meant.
 * @param where the index, for messages
 * @throws OciError `not-found` when there are none, listing those that are there; `ambiguous` for the start of
 *   several digests; `invalid-argument` for what is no digest
 */
export function chooseEntries(
  entries: readonly Descriptor[],
  choice: EntryChoice,
  where: string,
): readonly Descriptor[] {
  const found = entries.filter((entry) => isMeant(entry, choice));
  const name = "platform" in choice ? formatPlatform(choice.platform) : choice.digest;
  if (found.length === 0) {
    throw new OciError(
      "not-found",
      `${where}: expected an entry for ${escapeText(name)}, got ${entries.length === 0 ? "none" : listDescriptors(entries)}`,
      { details: { entries } },
    );
  }
  if ("digest" in choice && new Set(found.map(({ digest }) => digest)).size > 1) {
    throw new OciError(
      "ambiguous",
      `${where}: expected one entry for ${escapeText(name)}, got ${listDescriptors(found)}`,
      { details: { found }, hint: "Write more digits." },
    );
  }
  return found;
}

function isMeant(entry: Descriptor, choice: EntryChoice): boolean {
  if ("digest" in choice) {
    const [algorithm = "", digits = ""] = choice.digest.split(":");
    if (algorithm === "" || digits.length < SHORTEST) throw noDigest(choice.digest);
    return entry.digest.startsWith(choice.digest);
  }
  const { platform } = entry;
  return (
    platform !== undefined && !isAttestation(entry) && platformMatches(choice.platform, platform)
  );
}

function noDigest(text: string): OciError {
  return new OciError(
    "invalid-argument",
    `expected the digest of an entry, as sha256:0123456789ab, got ${quote(text)}`,
    { hint: "A platform is named by --platform." },
  );
}

/** The entries without some, and without the attestations of those. */
export function withoutEntries(
  entries: readonly Descriptor[],
  gone: readonly Descriptor[],
): readonly Descriptor[] {
  const digests = new Set<string>(gone.map(({ digest }) => digest));
  return entries.filter(
    (entry) =>
      !digests.has(entry.digest) &&
      !digests.has(entry.annotations?.[AnnotationKey.attestedDigest] ?? ""),
  );
}

/**
 * The entries with more of them: images, and attestations of images. An entry with the same digest is replaced
 * where it is. An image for a platform that another image has takes its place if it may, with its attestations.
 * @throws OciError `already-exists` for a platform that is taken
 */
export function withEntries(
  entries: readonly Descriptor[],
  more: readonly Descriptor[],
  options: { readonly replace: boolean; readonly where: string },
): readonly Descriptor[] {
  let result = entries;
  for (const entry of more) {
    const same = result.find(
      (other) => other.digest === entry.digest && isAttestation(other) === isAttestation(entry),
    );
    const rival = same ?? rivalOf(result, entry);
    if (rival === undefined) {
      result = [...result, entry];
      continue;
    }
    if (same === undefined && !options.replace) throw taken(rival, entry, options.where);
    const at = result.indexOf(rival);
    const placed = [...result.slice(0, at), entry, ...result.slice(at + 1)];
    result = same === undefined ? withoutEntries(placed, [rival]) : placed;
  }
  return result;
}

function rivalOf(entries: readonly Descriptor[], entry: Descriptor): Descriptor | undefined {
  const { platform } = entry;
  if (platform === undefined || isAttestation(entry)) return undefined;
  return entries.find(
    (other) => other.platform && !isAttestation(other) && isSamePlatform(other.platform, platform),
  );
}

function taken(rival: Descriptor, entry: Descriptor, where: string): OciError {
  const platform = escapeText(formatPlatform(entry.platform!));
  return new OciError(
    "already-exists",
    `${where}: expected no image for ${platform} yet, got ${shortDigest(rival.digest)} beside ${shortDigest(entry.digest)}`,
    { details: { entries: [rival, entry] }, hint: "Let the new one take its place: --replace" },
  );
}
