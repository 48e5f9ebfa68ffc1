// SPDX-License-Identifier: MIT
import type { ReadOptions } from "../image/image.ts";
import type { Descriptor } from "../oci/documents/descriptor.ts";
import type { Digest } from "../oci/digest.ts";
import type { Document } from "../oci/documents/document.ts";
import { OciError } from "../oci/errors.ts";
import type { ImageIndex } from "../oci/documents/image-index.ts";
import { formatPlatform, normalisePlatform } from "../oci/platform.ts";
import { type TransferTotal, copy } from "../store/copy/copy.ts";
import type { ContentStore } from "../store/store.ts";
import { type FactOptions, policyFindings, readFacts } from "./children/child-facts.ts";
import { sortFindings } from "./gates.ts";
import type { ChildFacts, GateFinding, GateName } from "./gates/gate.ts";
import { resolveIfThere } from "./children/gather-children.ts";
import type { Child } from "./children/index-child.ts";
import { makePublishedIndex } from "./make-published-index.ts";
import { findingsOf, type PublishedAlias, readAliases } from "./published-aliases.ts";
import { type Published, digestOf, readPublished } from "./published-index.ts";
import { architectureTag, checkIndexTag } from "./tag-names.ts";

export interface PlanOptions extends ReadOptions, FactOptions {
  /** The repository or layout to push to. */
  readonly target: ContentStore;
  /** The tag of the index. The tags of the images are derived from it. */
  readonly tag: string;
  readonly children: readonly Child[];
  /** Further tags of the index. What they name now is protected as what the tag names. */
  readonly aliases?: readonly string[] | undefined;
  /** The architectures that must be there. Without it, only what is published now is compared. */
  readonly architectures?: readonly string[] | undefined;
  /** The gates that are overridden. The plan lists their findings apart, and the index records their names. */
  readonly force?: readonly GateName[] | undefined;
}

/**
 * One image of the planned index, and what would be sent for it. Content shared by several images counts for
 * the first.
 */
export interface PlannedChild {
  readonly child: Child;
  readonly facts: ChildFacts;
  readonly toSend: TransferTotal;
  readonly alreadyThere: TransferTotal;
  /** The lowest first. */
  readonly layers: readonly PlannedLayer[];
}

/** A layer of a planned image. */
export interface PlannedLayer {
  readonly descriptor: Descriptor;
  /** `there` also for one that an image before this one sends. A registry may decline a mount; then it is sent. */
  readonly action: "send" | "mount" | "there";
}

/** A tag with what it names before and after the push. If both are the same, it is not touched. */
export interface TagChange {
  readonly tag: string;
  /** Undefined when there is no such tag, or it could not be read. */
  readonly from: Digest | undefined;
  readonly to: Digest;
  readonly descriptor: Descriptor;
}

/** What a push would do, and the findings against it. Nothing has been sent. */
export interface IndexPushPlan {
  readonly target: ContentStore;
  readonly tag: string;
  /** In the order of the index, which is sorted by platform. */
  readonly children: readonly PlannedChild[];
  readonly index: Document<ImageIndex>;
  /** The reasons for which {@link pushIndex} would refuse; empty if it would not. */
  readonly findings: readonly GateFinding[];
  /** The findings that are overridden. */
  readonly overridden: readonly GateFinding[];
  /** What the caller's own checks of the images found; part of both. */
  readonly policies: readonly GateFinding[];
  readonly force: readonly GateName[];
  readonly keys: PlanOptions["keys"];
  readonly published: Published;
  readonly aliases: readonly PublishedAlias[];
  readonly architectures: readonly string[] | undefined;
  /** The index's tag first, then its aliases, then the tags of the images. */
  readonly tags: readonly TagChange[];
  /** The total, including the index itself. */
  readonly toSend: TransferTotal;
  /** Whether there is nothing to send, and every tag is right already. */
  readonly upToDate: boolean;
}

/**
 * Plans the push of an index: reads what is published, evaluates every gate, and asks the target what it
 * lacks. The same children in any order give the same index.
 * @throws OciError `nothing-to-check` without children; `invalid-argument` for a tag that looks like that of
 *   one architecture; what the target throws, except while the published index is read, which becomes a
 *   finding
 */
export async function planIndexPush(options: PlanOptions): Promise<IndexPushPlan> {
  const { target, tag, architectures } = options;
  const children = inIndexOrder(options.children);
  checkChildren(children, options);
  const published = await readPublished(target, tag, options);
  const aliases = await readAliases(options);
  const facts = await readFacts(children, options);
  const policies = await policyFindings(children, options);
  const found = findingsOf({ children: facts, architectures, published }, aliases);
  const force = options.force ?? [];
  const { refusing: findings, overridden } = sortFindings([...found, ...policies], force);
  const index = makePublishedIndex(children, published, { overridden, aliases });
  const transfers = await planTransfers(children, target, options);
  const tags = await planTags(index.descriptor, children, { published, aliases }, options);
  const indexIsThere = await target.exists(index.descriptor, options);
  const toSend = addTotals([
    ...transfers.map((transfer) => transfer.toSend),
    indexIsThere ? NOTHING : { count: 1, bytes: index.descriptor.size },
  ]);
  return {
    target,
    tag,
    children: children.map((child, at) => ({ child, facts: facts[at]!, ...transfers[at]! })),
    index,
    ...{ findings, overridden, policies, force, keys: options.keys },
    published,
    aliases,
    architectures,
    tags,
    toSend,
    upToDate: toSend.count === 0 && tags.every((change) => change.from === change.to),
  };
}

/** Merges children with the same digest, with the claims of all, and sorts by platform and digest. */
function inIndexOrder(children: readonly Child[]): Child[] {
  const byDigest = new Map<Digest, Child>();
  for (const child of children) {
    const { digest } = child.descriptor;
    const known = byDigest.get(digest);
    const kept = known === undefined || known.attestations.length === 0 ? child : known;
    byDigest.set(digest, { ...kept, claims: [...(known?.claims ?? []), ...child.claims] });
  }
  const key = (child: Child): string =>
    `${formatPlatform(normalisePlatform(child.platform))} ${child.descriptor.digest}`;
  return [...byDigest.values()].sort((a, b) => (key(a) < key(b) ? -1 : 1));
}

function checkChildren(children: readonly Child[], options: PlanOptions): void {
  if (children.length === 0) {
    throw new OciError(
      "nothing-to-check",
      `${options.target.name}:${options.tag}: expected at least one image for the index, got none`,
      { hint: "Assemble them first (`oci-kit assemble`), or name them with --from." },
    );
  }
  for (const tag of [options.tag, ...(options.aliases ?? [])]) {
    checkIndexTag(
      tag,
      children.map((child) => child.platform),
    );
  }
}

type PlannedTransfer = Pick<PlannedChild, "toSend" | "alreadyThere" | "layers">;

const NOTHING: TransferTotal = { count: 0, bytes: 0 };

async function planTransfers(
  children: readonly Child[],
  target: ContentStore,
  options: ReadOptions,
): Promise<PlannedTransfer[]> {
  const seen = new Set<Digest>();
  const planned: PlannedTransfer[] = [];
  for (const child of children) {
    let toSend = NOTHING;
    let alreadyThere = NOTHING;
    const actions = new Map<Digest, PlannedLayer["action"]>();
    for (const root of [child.descriptor, ...child.attestations]) {
      const { limits, signal } = options;
      const summary = await copy(child.image.store, root, target, { dryRun: true, limits, signal });
      for (const { descriptor, action } of summary.transfers) {
        if (seen.has(descriptor.digest)) continue;
        seen.add(descriptor.digest);
        const one = { count: 1, bytes: descriptor.size };
        // What another repository of the registry has is mounted from there.
        if (action !== "copied") alreadyThere = addTotals([alreadyThere, one]);
        else toSend = addTotals([toSend, one]);
        if (action === "copied") actions.set(descriptor.digest, "send");
        if (action === "mounted") actions.set(descriptor.digest, "mount");
      }
    }
    const layers = child.image.manifest.value.layers.map((descriptor) => ({
      descriptor,
      action: actions.get(descriptor.digest) ?? "there",
    }));
    planned.push({ toSend, alreadyThere, layers });
  }
  return planned;
}

/** Adds totals. */
export function addTotals(totals: readonly TransferTotal[]): TransferTotal {
  return totals.reduce(
    (sum, { count, bytes }) => ({ count: sum.count + count, bytes: sum.bytes + bytes }),
    NOTHING,
  );
}

async function planTags(
  index: Descriptor,
  children: readonly Child[],
  { published, aliases }: Pick<IndexPushPlan, "published" | "aliases">,
  { target, tag, signal }: PlanOptions,
): Promise<TagChange[]> {
  const ofIndex = [{ tag, published }, ...aliases].map((one): [string, TagChange] => {
    const from = digestOf(one.published);
    return [one.tag, { tag: one.tag, from, to: index.digest, descriptor: index }];
  });
  const changes = new Map<string, TagChange>(ofIndex);
  for (const { platform, descriptor } of children) {
    const named = architectureTag(tag, platform);
    // Two images for one platform only pass with `force`. Then the first one in the index gets the tag.
    if (changes.has(named)) continue;
    const current = await resolveIfThere(target, named, { signal });
    changes.set(named, { tag: named, from: current?.digest, to: descriptor.digest, descriptor });
  }
  return [...changes.values()];
}
