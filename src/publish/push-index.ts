// SPDX-License-Identifier: MIT
import type { AbortOptions } from "../bytes/bytes.ts";
import { sourceOf } from "../bytes/bytes.ts";
import type { ReadOptions } from "../image/image.ts";
import type { Descriptor } from "../oci/documents/descriptor.ts";
import { type TransferTotal, copy } from "../store/copy/copy.ts";
import type { CopyEvent } from "../store/copy/transfer.ts";
import type { Document } from "../oci/documents/document.ts";
import type { ImageIndex } from "../oci/documents/image-index.ts";
import { refusal, sortFindings } from "./gates.ts";
import type { GateFinding } from "./gates/gate.ts";
import { makePublishedIndex } from "./make-published-index.ts";
import { type IndexPushPlan, type TagChange, addTotals } from "./plan-push.ts";
import { findingsOf, readAliases } from "./published-aliases.ts";
import { type Published, digestOf, isUnchanged, readPublished } from "./published-index.ts";
import { setTag } from "./set-tag.ts";

export interface PushOptions extends ReadOptions {
  /** How many pieces of content are transferred at a time. */
  readonly concurrency?: number | undefined;
  /** Never awaited. */
  readonly onProgress?: ((event: CopyEvent) => void) | undefined;
}

/** What a push did. */
export interface IndexPushResult {
  readonly index: Descriptor;
  /** False if everything was there already: nothing was sent and no tag was touched. */
  readonly changed: boolean;
  readonly sent: TransferTotal;
  readonly mounted: TransferTotal;
  readonly skipped: TransferTotal;
  /** The tags that were set, in this order: that of the index, its aliases, then those of the images. */
  readonly tags: readonly TagChange[];
  /** The findings that the plan's `force` overrode. */
  readonly overridden: readonly GateFinding[];
}

/**
 * Executes a plan: pushes the images by digest, then the index and its tag, then the tags of the images.
 * Nothing is sent when a gate refuses, and no tag is set before everything is there, so a push that fails
 * leaves what was published. The published index is read again before it is replaced; if it has changed since
 * the plan, the gates are evaluated again, and the index remembers that one. Idempotent: what is there is not sent
 * again.
 * @throws OciError `gate-refused` (`unreadable` when nothing is known to be wrong, but something could not be
 *   found out), with the findings in `details.findings`; `changed-meanwhile`; what copying throws
 */
export async function pushIndex(
  plan: IndexPushPlan,
  options: PushOptions = {},
): Promise<IndexPushResult> {
  const { signal, limits } = options;
  pass(plan, plan.findings, plan.published);
  const summaries = await copyChildren(plan, options);
  const now = await readNow(plan, { signal, limits });
  const { overridden, index: document } = now.isUnchanged ? plan : judgeAgain(plan, now);
  const isThere = await plan.target.exists(document.descriptor, { signal });
  const tags = await setTags(plan, document, isThere, now, { signal });
  const index = countOf(document, isThere);
  const sent = addTotals([...summaries.map((summary) => summary.copied), index.sent]);
  const mounted = addTotals(summaries.map((summary) => summary.mounted));
  return {
    index: document.descriptor,
    changed: sent.count + mounted.count + tags.length > 0,
    sent,
    mounted,
    skipped: addTotals([...summaries.map((summary) => summary.skipped), index.skipped]),
    tags,
    overridden,
  };
}

function pass(plan: IndexPushPlan, findings: readonly GateFinding[], published: Published): void {
  if (findings.length === 0) return;
  const cause = published.state === "unreadable" ? published.error : undefined;
  throw refusal(`${plan.target.name}:${plan.tag}`, findings, cause);
}

/** Judges the push against what is published now. @throws OciError as {@link pushIndex} */
function judgeAgain(
  plan: IndexPushPlan,
  { published, aliases }: PublishedNow,
): Pick<IndexPushPlan, "overridden" | "index"> {
  const children = plan.children.map((planned) => planned.facts);
  const facts = { children, architectures: plan.architectures, published };
  const findings = [...findingsOf(facts, aliases), ...plan.policies];
  const { refusing, overridden } = sortFindings(findings, plan.force);
  pass(plan, refusing, published);
  const images = plan.children.map(({ child }) => child);
  return { overridden, index: makePublishedIndex(images, published, { overridden, aliases }) };
}

interface PublishedNow extends Pick<IndexPushPlan, "published" | "aliases"> {
  /** Whether the tag and its aliases name what they named when the push was planned. */
  readonly isUnchanged: boolean;
}

async function readNow(plan: IndexPushPlan, options: ReadOptions): Promise<PublishedNow> {
  const { target, tag } = plan;
  const published = await readPublished(target, tag, { ...options, keys: plan.keys });
  const names = plan.aliases.map((alias) => alias.tag);
  const aliases = await readAliases({ ...options, keys: plan.keys, target, tag, aliases: names });
  const isSame = aliases.every((alias, at) =>
    isUnchanged(plan.aliases[at]!.published, alias.published),
  );
  return { published, aliases, isUnchanged: isSame && isUnchanged(plan.published, published) };
}

async function copyChildren(
  plan: IndexPushPlan,
  { signal, limits, concurrency, onProgress }: PushOptions,
): Promise<Awaited<ReturnType<typeof copy>>[]> {
  const summaries = [];
  for (const { child } of plan.children) {
    for (const root of [child.descriptor, ...child.attestations]) {
      const options = { keepRoot: false, signal, limits, concurrency, onProgress };
      summaries.push(await copy(child.image.store, root, plan.target, options));
    }
  }
  return summaries;
}

function countOf(
  { descriptor }: Document<ImageIndex>,
  isThere: boolean,
): { sent: TransferTotal; skipped: TransferTotal } {
  const nothing = { count: 0, bytes: 0 };
  const one = { count: 1, bytes: descriptor.size };
  return isThere ? { sent: nothing, skipped: one } : { sent: one, skipped: nothing };
}

/** Stores the index, with the first tag that changes, and sets the other tags. */
async function setTags(
  plan: IndexPushPlan,
  { descriptor: index, bytes }: Document<ImageIndex>,
  isThere: boolean,
  { published, aliases }: PublishedNow,
  options: AbortOptions,
): Promise<TagChange[]> {
  const ofIndex = [{ tag: plan.tag, published }, ...aliases];
  const changed: TagChange[] = [];
  let missing = isThere ? undefined : bytes;
  for (const { tag, published: before } of ofIndex) {
    const from = digestOf(before);
    if (from === index.digest) continue;
    // What could not be read is replaced whatever it is; the gate of that name was overridden.
    const isKnown = before.state !== "unreadable";
    const condition = { ...options, ...(isKnown && { ifNames: from ?? null }) };
    await setTag(plan.target, index, tag, condition, missing);
    missing = undefined;
    changed.push({ tag, from, to: index.digest, descriptor: index });
  }
  if (missing !== undefined) await plan.target.push(index, sourceOf(missing), options);
  const names = new Set(ofIndex.map(({ tag }) => tag));
  for (const change of plan.tags) {
    if (names.has(change.tag) || change.from === change.to) continue;
    await plan.target.tag(change.descriptor, change.tag, options);
    changed.push(change);
  }
  return changed;
}
