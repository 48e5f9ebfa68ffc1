// SPDX-License-Identifier: MIT
import { brokenLimits, type LimitsOfTarget } from "../../layering/broken-limits.ts";
import { groupName, groupOf } from "../../layering/groups/layer-group.ts";
import type { GateFinding } from "../../publish/gates/gate.ts";
import type { IndexPushPlan, PlannedChild, TagChange } from "../../publish/plan-push.ts";
import type { IndexPushResult } from "../../publish/push-index.ts";
import { shortDigest } from "../../oci/digest.ts";
import { formatPlatform } from "../../oci/platform.ts";
import type { Outcome } from "../command.ts";
import { DOES_NOT_HOLD, DONE } from "../exit-status.ts";
import { formatBytes } from "../../bytes/format-bytes.ts";
import { table } from "../../report/text/format.ts";

export interface PlanTextOptions {
  /** Of the registry that is pushed to. */
  readonly habits: LimitsOfTarget["habits"];
  /** Bytes a second of the line. */
  readonly rate: number | undefined;
}

/** The outcome of a dry run: what a push would do, layer by layer, and the gates that would refuse it. */
export function planOutcome(plan: IndexPushPlan, target: PlanTextOptions): Outcome {
  const { children, index, findings, overridden, tags, toSend, upToDate } = plan;
  const rows = children.map(({ child, toSend: send, alreadyThere }) => [
    `  ${formatPlatform(child.platform)}`,
    child.descriptor.digest,
    `send ${formatBytes(send.bytes)}`,
    `there ${formatBytes(alreadyThere.bytes)}`,
    child.name,
  ]);
  const seconds = target.rate === undefined ? undefined : toSend.bytes / target.rate;
  const time =
    seconds === undefined ? "" : `, ${seconds.toFixed(1)} s at ${formatBytes(target.rate!)}/s`;
  const verdict = upToDate ? "nothing to do" : `would send ${formatBytes(toSend.bytes)}${time}`;
  const limits = children.flatMap((child) => limitsOf(child, target));
  return {
    status: findings.length > 0 ? DOES_NOT_HOLD : DONE,
    document: {
      dryRun: true,
      ...documentOf(plan),
      ...{ findings, overridden, toSend, upToDate, limits },
      ...(seconds !== undefined && { seconds: Math.round(seconds * 10) / 10 }),
    },
    notices: limits.map((limit) => `limit: ${limit}`),
    lines: [
      `index ${index.descriptor.digest}: ${verdict}`,
      ...table(rows),
      ...children.flatMap(layerLines),
      ...tagLines(tags, "would set"),
      ...findingLines(findings, "refused by"),
      ...findingLines(overridden, "would be overridden by --force"),
    ],
  };
}

/** Each layer of an image, and what it holds where it says so. */
function layerLines({ child, layers }: PlannedChild): string[] {
  const rows = layers.map(({ descriptor, action }) => {
    const group = groupOf(descriptor);
    const what = group === undefined ? "" : groupName(group);
    const size = formatBytes(descriptor.size);
    return [`  ${action}`, shortDigest(descriptor.digest), size, what];
  });
  return [`layers of ${formatPlatform(child.platform)}`, ...table(rows)];
}

function limitsOf({ child, layers }: PlannedChild, target: PlanTextOptions): string[] {
  const kinds = layers.map(({ descriptor, action }) => ({
    kind: action === "send" ? ("new" as const) : ("kept" as const),
    descriptor,
  }));
  const platform = formatPlatform(child.platform);
  return brokenLimits({ layers: kinds }, target).map((limit) => `${platform}: ${limit}`);
}

/** The outcome of a push. */
export function pushOutcome(plan: IndexPushPlan, result: IndexPushResult): Outcome {
  const { index, changed, sent, mounted, skipped, tags, overridden } = result;
  const name = `${plan.target.name}:${plan.tag}`;
  const rows = plan.children.map(({ child }) => [
    `  ${formatPlatform(child.platform)}`,
    child.descriptor.digest,
  ]);
  const parts = [
    `sent ${formatBytes(sent.bytes)}`,
    ...(mounted.count > 0 ? [`mounted ${formatBytes(mounted.bytes)}`] : []),
    `${formatBytes(skipped.bytes)} already there`,
  ];
  const what = changed ? parts.join(", ") : "published already, nothing to do";
  return {
    status: DONE,
    document: { dryRun: false, ...documentOf(plan), changed, sent, mounted, skipped, overridden },
    lines: [
      `${name} ${index.digest}: ${what}`,
      ...table(rows),
      ...tagLines(tags, "set"),
      ...findingLines(overridden, "overridden by --force"),
    ],
  };
}

function documentOf({ target, tag, index, children, tags }: IndexPushPlan): object {
  return {
    target: target.name,
    tag,
    index: index.descriptor,
    children: children.map(({ child, toSend, alreadyThere, layers }) => ({
      name: child.name,
      platform: child.platform,
      digest: child.descriptor.digest,
      toSend,
      alreadyThere,
      layers,
    })),
    tags: tags.map(({ tag: name, from, to }) => ({ tag: name, from, to })),
  };
}

function tagLines(tags: readonly TagChange[], verb: string): string[] {
  return tags
    .filter(({ from, to }) => from !== to)
    .map(({ tag, from, to }) => {
      const before = from === undefined ? "" : ` (was ${from})`;
      return `${verb} ${tag} to ${to}${before}`;
    });
}

function findingLines(findings: readonly GateFinding[], verb: string): string[] {
  return findings.map(({ gate, message }) => `${verb} ${gate}: ${message}`);
}
