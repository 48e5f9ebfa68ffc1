// SPDX-License-Identifier: MIT
import type { GateFinding } from "../../publish/gates/gate.ts";
import type { IndexPushPlan, TagChange } from "../../publish/plan-push.ts";
import type { IndexPushResult } from "../../publish/push-index.ts";
import { formatPlatform } from "../../oci/platform.ts";
import type { Outcome } from "../command.ts";
import { DOES_NOT_HOLD, DONE } from "../exit-status.ts";
import { formatBytes, table } from "../output/format.ts";

/** The outcome of a dry run: what a push would do, and the gates that would refuse it. */
export function planOutcome(plan: IndexPushPlan): Outcome {
  const { children, index, findings, overridden, tags, toSend, upToDate } = plan;
  const rows = children.map(({ child, toSend: send, alreadyThere }) => [
    `  ${formatPlatform(child.platform)}`,
    child.descriptor.digest,
    `send ${formatBytes(send.bytes)}`,
    `there ${formatBytes(alreadyThere.bytes)}`,
    child.name,
  ]);
  const verdict = upToDate ? "nothing to do" : `would send ${formatBytes(toSend.bytes)}`;
  return {
    status: findings.length > 0 ? DOES_NOT_HOLD : DONE,
    document: { dryRun: true, ...documentOf(plan), findings, overridden, toSend, upToDate },
    lines: [
      `index ${index.descriptor.digest}: ${verdict}`,
      ...table(rows),
      ...tagLines(tags, "would set"),
      ...findingLines(findings, "refused by"),
      ...findingLines(overridden, "would be overridden by --force"),
    ],
  };
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
    children: children.map(({ child, toSend, alreadyThere }) => ({
      name: child.name,
      platform: child.platform,
      digest: child.descriptor.digest,
      toSend,
      alreadyThere,
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
