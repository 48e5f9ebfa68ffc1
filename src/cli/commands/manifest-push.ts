// SPDX-License-Identifier: MIT
import { stat } from "node:fs/promises";
import type { GateFinding } from "../../chain/gates.ts";
import type { GatheredChildren } from "../../chain/gather-children.ts";
import type { IndexPushPlan, TagChange } from "../../chain/plan-push.ts";
import type { IndexPushResult } from "../../chain/push-index.ts";
import { escapeText } from "../../bytes/byte-string.ts";
import type { Configuration } from "../../config/configuration.ts";
import type { Location } from "../../image/location.ts";
import { shortDigest } from "../../oci/digest.ts";
import { OciError } from "../../oci/errors.ts";
import { formatPlatform } from "../../oci/platform.ts";
import type { ContentStore } from "../../store/store.ts";
import type { Outcome, Session } from "../command.ts";
import { configurationOf, parseConfigured, storeOf } from "../configured.ts";
import { DOES_NOT_HOLD, DONE } from "../exit-status.ts";
import { formatBytes, table } from "../format.ts";
import { showCopy } from "./copy.ts";

export interface PushFlags {
  readonly json?: true;
  readonly from?: readonly string[];
  readonly arch?: string;
  readonly force?: true;
  readonly dryRun?: true;
}

/** `oci-kit manifest push`: gather, plan, then push or print the plan. */
export async function pushManifest(
  reference: string,
  flags: PushFlags,
  { context, progress }: Session,
): Promise<Outcome> {
  const [{ openTarget }, { planIndexPush }, { pushIndex }] = await Promise.all([
    import("../../image/open-reference.ts"),
    import("../../chain/plan-push.ts"),
    import("../../chain/push-index.ts"),
  ]);
  const { signal } = context;
  const location = await parseConfigured(reference, context);
  const configuration = await configurationOf(context);
  const architectures = flags.arch?.split(",") ?? configuration?.architectures;
  const target = await openTarget(storeOf(location), { signal });
  const tag = tagOf(location, reference);
  const from = await Promise.all((flags.from ?? []).map((text) => parseConfigured(text, context)));
  const gathered = await gather(from, {
    configuration,
    store: target.store,
    tag,
    architectures,
    signal,
  });
  try {
    const { children } = gathered;
    const plan = await planIndexPush({
      target: target.store,
      tag,
      children,
      architectures,
      signal,
    });
    for (const { name, reason } of gathered.leftOut) {
      context.stderr.write(`oci-kit: left out ${escapeText(name)}: ${escapeText(reason)}\n`);
    }
    if (flags.dryRun === true) return planOutcome(plan);
    const force = flags.force === true;
    const result = await pushIndex(plan, { force, onProgress: showCopy(progress), signal });
    return pushOutcome(plan, result);
  } finally {
    await gathered.close();
    await target.close();
  }
}

interface GatherOptions {
  readonly configuration: Configuration | undefined;
  readonly store: ContentStore;
  readonly tag: string;
  readonly architectures: readonly string[] | undefined;
  readonly signal: AbortSignal;
}

async function gather(
  from: readonly Location[],
  { configuration, store, tag, architectures, signal }: GatherOptions,
): Promise<GatheredChildren> {
  const { gatherFromDirectory, gatherFromLocations, gatherFromTags } =
    await import("../../chain/gather-children.ts");
  if (from.length > 0) return gatherFromLocations(from, { signal });
  if (configuration !== undefined) {
    const { outputRoot } = await import("../../config/output-directory.ts");
    const directory = outputRoot(configuration);
    if (await isThere(directory)) return gatherFromDirectory(directory, { signal });
  }
  if (architectures !== undefined) return gatherFromTags(store, tag, architectures, { signal });
  throw new OciError(
    "missing-input",
    "manifest push: expected images to push, and neither --from, --arch nor an oci-kit.yaml says which",
    { hint: "Name them: --from oci:out/linux-runtime/amd64 --from oci:out/linux-runtime/arm64" },
  );
}

async function isThere(directory: string): Promise<boolean> {
  try {
    return (await stat(directory)).isDirectory();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return false;
    throw new OciError("unreadable", `${directory}: it can't be read`, { cause: error });
  }
}

function tagOf(location: Location, text: string): string {
  if (location.kind === "registry") {
    const { tag, digest } = location.reference;
    if (digest === undefined) return tag ?? "latest";
  }
  if (location.kind === "oci" && location.tag !== undefined && location.digest === undefined) {
    return location.tag;
  }
  throw new OciError(
    "invalid-argument",
    `manifest push: expected a tag to publish under, got ${JSON.stringify(text)}`,
    { hint: "Write host/repository:TAG, oci:DIR:TAG, or a TAG of the configured repository." },
  );
}

function planOutcome(plan: IndexPushPlan): Outcome {
  const { children, index, findings, tags, toSend, upToDate } = plan;
  const rows = children.map(({ child, toSend: send, alreadyThere }) => [
    `  ${formatPlatform(child.platform)}`,
    shortDigest(child.descriptor.digest),
    `send ${formatBytes(send.bytes)}`,
    `there ${formatBytes(alreadyThere.bytes)}`,
    escapeText(child.name),
  ]);
  const verdict = upToDate ? "nothing to do" : `would send ${formatBytes(toSend.bytes)}`;
  return {
    status: findings.length > 0 ? DOES_NOT_HOLD : DONE,
    document: { dryRun: true, ...documentOf(plan), findings, toSend, upToDate },
    text:
      `index ${index.descriptor.digest}: ${verdict}\n${table(rows)}${tagLines(tags, "would set")}` +
      findingLines(findings, "refused by"),
  };
}

function pushOutcome(plan: IndexPushPlan, result: IndexPushResult): Outcome {
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
    text:
      `${name} ${index.digest}: ${what}\n${table(rows)}${tagLines(tags, "set")}` +
      findingLines(overridden, "overridden by --force:"),
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

function tagLines(tags: readonly TagChange[], verb: string): string {
  return tags
    .filter(({ from, to }) => from !== to)
    .map(({ tag, from, to }) => {
      const before = from === undefined ? "" : ` (was ${shortDigest(from)})`;
      return `${verb} ${tag} to ${shortDigest(to)}${before}\n`;
    })
    .join("");
}

function findingLines(findings: readonly GateFinding[], verb: string): string {
  return findings.map(({ gate, message }) => `${verb} ${gate}: ${message}\n`).join("");
}
