// SPDX-License-Identifier: MIT
import type { AbortOptions } from "../bytes/bytes.ts";
import { sourceOf } from "../bytes/bytes.ts";
import type { ReadOptions } from "../image/image.ts";
import type { Descriptor } from "../oci/documents/descriptor.ts";
import { type TransferTotal, copy } from "../store/copy/copy.ts";
import type { CopyEvent } from "../store/copy/transfer.ts";
import { type GateFinding, refusal } from "./gates.ts";
import {
  type IndexPushPlan,
  type TagChange,
  addTotals,
  findingsOf,
  readAliases,
} from "./plan-push.ts";
import { type Published, digestOf, isUnchanged, readPublished } from "./published-index.ts";

export interface PushOptions extends ReadOptions {
  /** Pushes although gates refuse. The result lists their findings. */
  readonly force?: boolean | undefined;
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
  /** The findings that `force` overrode. */
  readonly overridden: readonly GateFinding[];
}

/**
 * Executes a plan: pushes the images by digest, then the index and its tag, then the tags of the images.
 * Nothing is sent when a gate refuses, and no tag is set before everything is there, so a push that fails
 * leaves what was published. The published index is read again before it is replaced; if it has changed since
 * the plan, the gates are evaluated again. Idempotent: what is there is not sent again.
 * @throws OciError `gate-refused` (`unreadable` when nothing is known to be wrong, but something could not be
 *   found out), with the findings in `details.findings`; what copying throws
 */
export async function pushIndex(
  plan: IndexPushPlan,
  options: PushOptions = {},
): Promise<IndexPushResult> {
  const { force = false, signal, limits } = options;
  pass(plan, plan.findings, plan.published, force);
  const summaries = await copyChildren(plan, options);
  const now = await readNow(plan, { signal, limits });
  const findings = now.isUnchanged
    ? plan.findings
    : [...findingsOf(factsNow(plan, now), now.aliases), ...plan.unfit];
  pass(plan, findings, now.published, force);
  const index = await pushIndexDocument(plan, { signal });
  const tags = await setTags(plan, now, { signal });
  const sent = addTotals([...summaries.map((summary) => summary.copied), index.sent]);
  const mounted = addTotals(summaries.map((summary) => summary.mounted));
  return {
    index: plan.index.descriptor,
    changed: sent.count + mounted.count + tags.length > 0,
    sent,
    mounted,
    skipped: addTotals([...summaries.map((summary) => summary.skipped), index.skipped]),
    tags,
    overridden: findings,
  };
}

function pass(
  plan: IndexPushPlan,
  findings: readonly GateFinding[],
  published: Published,
  force: boolean,
): void {
  if (force || findings.length === 0) return;
  const cause = published.state === "unreadable" ? published.error : undefined;
  throw refusal(`${plan.target.name}:${plan.tag}`, findings, cause);
}

interface PublishedNow extends Pick<IndexPushPlan, "published" | "aliases"> {
  /** Whether the tag and its aliases name what they named when the push was planned. */
  readonly isUnchanged: boolean;
}

async function readNow(plan: IndexPushPlan, options: ReadOptions): Promise<PublishedNow> {
  const { target, tag } = plan;
  const published = await readPublished(target, tag, options);
  const names = plan.aliases.map((alias) => alias.tag);
  const aliases = await readAliases({ ...options, target, tag, aliases: names });
  const isSame = aliases.every((alias, at) =>
    isUnchanged(plan.aliases[at]!.published, alias.published),
  );
  return { published, aliases, isUnchanged: isSame && isUnchanged(plan.published, published) };
}

function factsNow(
  plan: IndexPushPlan,
  { published }: PublishedNow,
): Parameters<typeof findingsOf>[0] {
  const children = plan.children.map((planned) => planned.facts);
  return { children, architectures: plan.architectures, published };
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

async function pushIndexDocument(
  { index, target }: IndexPushPlan,
  options: AbortOptions,
): Promise<{ sent: TransferTotal; skipped: TransferTotal }> {
  const nothing = { count: 0, bytes: 0 };
  const one = { count: 1, bytes: index.descriptor.size };
  if (await target.exists(index.descriptor, options)) return { sent: nothing, skipped: one };
  await target.push(index.descriptor, sourceOf(index.bytes), options);
  return { sent: one, skipped: nothing };
}

async function setTags(
  plan: IndexPushPlan,
  { published, aliases }: PublishedNow,
  options: AbortOptions,
): Promise<TagChange[]> {
  const current = new Map(
    [{ tag: plan.tag, published }, ...aliases].map((one) => [one.tag, one.published]),
  );
  const changes = plan.tags
    .map((change) => {
      const now = current.get(change.tag);
      return now === undefined ? change : { ...change, from: digestOf(now) };
    })
    .filter((change) => change.from !== change.to);
  for (const { descriptor, tag } of changes) await plan.target.tag(descriptor, tag, options);
  return changes;
}
