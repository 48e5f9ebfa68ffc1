// SPDX-License-Identifier: MIT
import type { Digest } from "../../oci/digest.ts";
import { isSamePlatform } from "../../image/find-image.ts";
import type { ChainImage, PresentImage } from "../images/chain-image.ts";
import type { ImageSource } from "../images/image-source.ts";
import { digestIn, type RecordedDigest } from "../images/read-record.ts";
import type { ChainLink } from "./chain-links.ts";

/** Why a link could not be compared. */
export type UnknownBecause =
  /** The child's tag names nothing. */
  | "not-built"
  /** The parent's tag names nothing. */
  | "parent-missing"
  /** The child records no parent. */
  | "unrecorded"
  /** One of them, or the record, could not be read. */
  | "unreadable";

/** Whether a child was made from what its parent is now. */
export type LinkState =
  | { readonly state: "fresh"; readonly parent: Digest }
  | {
      readonly state: "stale";
      /** The digest that the child was built from; undefined for an index that lacks the parent. */
      readonly builtFrom: Digest | undefined;
      /** The parent's digest now. */
      readonly parent: Digest;
      /** The stage to begin with. */
      readonly rebuildFrom: string;
    }
  | { readonly state: "unknown"; readonly because: UnknownBecause; readonly reason: string };

/** A link, and how it is. */
export type ComparedLink = ChainLink & { readonly outcome: LinkState };

/** Compares a link by digests alone. Never throws for what can't be read: that is unknown. */
export async function compareLink(link: ChainLink, source: ImageSource): Promise<ComparedLink> {
  const [parent, child] = await Promise.all([source.image(link.parent), source.image(link.child)]);
  return { ...link, outcome: await outcomeOf(link, source, parent, child) };
}

async function outcomeOf(
  link: ChainLink,
  source: ImageSource,
  parent: ChainImage,
  child: ChainImage,
): Promise<LinkState> {
  if (child.state === "absent") return unknown("not-built", `${link.child.tag} is not there`);
  if (child.state === "unreadable") return unknown("unreadable", child.reason);
  if (parent.state === "absent")
    return unknown("parent-missing", `${link.parent.tag} is not there`);
  if (parent.state === "unreadable") return unknown("unreadable", parent.reason);
  if (link.key === undefined) return heldIn(link, parent, child);
  const recorded = digestIn(await source.record(link.child, child, link.key));
  return compareRecord(link, parent, recorded, link.key);
}

function compareRecord(
  link: ChainLink,
  parent: PresentImage,
  recorded: RecordedDigest,
  key: string,
): LinkState {
  if (recorded.state === "unreadable") return unknown("unreadable", recorded.reason);
  if (recorded.state === "absent") {
    return unknown("unrecorded", `${link.child.tag} records no ${key}`);
  }
  const isSame = recorded.digest === parent.digest || isImageOf(parent, link, recorded.digest);
  if (isSame) return { state: "fresh", parent: parent.digest };
  return stale(link, parent.digest, recorded.digest);
}

/** Whether a digest is that of the parent's image for its platform, in an index: BuildKit adds attestations so. */
function isImageOf(parent: PresentImage, { parent: unit }: ChainLink, digest: Digest): boolean {
  return parent.images.some(
    (image) =>
      image.digest === digest &&
      image.platform !== undefined &&
      isSamePlatform(image.platform, unit.platform),
  );
}

/** An index is fresh when it holds the very image that is under the image's own tag. */
function heldIn(link: ChainLink, parent: PresentImage, index: PresentImage): LinkState {
  const digests = new Set([parent.digest, ...parent.images.map(({ digest }) => digest)]);
  if (index.images.some(({ digest }) => digests.has(digest))) {
    return { state: "fresh", parent: parent.digest };
  }
  const { platform } = link.parent;
  const old = index.images.find((one) => one.platform && isSamePlatform(one.platform, platform));
  return stale(link, parent.digest, old?.digest);
}

function stale(link: ChainLink, parent: Digest, builtFrom: Digest | undefined): LinkState {
  return { state: "stale", builtFrom, parent, rebuildFrom: link.child.stage };
}

function unknown(because: UnknownBecause, reason: string): LinkState {
  return { state: "unknown", because, reason };
}
