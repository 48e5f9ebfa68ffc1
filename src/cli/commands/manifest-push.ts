// SPDX-License-Identifier: MIT
import { gatherFromLocations, type GatheredChildren } from "../../publish/gather-children.ts";
import { planIndexPush } from "../../publish/plan-push.ts";
import { pushIndex } from "../../publish/push-index.ts";
import { storeOf, type Location } from "../../image/location.ts";
import { openTarget, type OpenTarget } from "../../image/open-reference.ts";
import { OciError } from "../../oci/errors.ts";
import { parsePlatform } from "../../oci/platform.ts";
import type { Outcome, Session } from "../command.ts";
import type { Context } from "../context.ts";
import { findConfigured, parseConfigured } from "../input/configured.ts";
import { showCopy } from "../output/show-copy.ts";
import { gatherConfigured } from "./gather-configured.ts";
import { planOutcome, pushOutcome } from "./manifest-push-text.ts";

/** The flags of `oci-kit manifest push`, as they were typed. */
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
  session: Session,
): Promise<Outcome> {
  const { signal, registry } = session.context;
  const location = await parseConfigured(reference);
  const tag = tagOf(location, reference);
  const target = await openTarget(storeOf(location), { signal, registry });
  try {
    const outcome = await pushTo(target, tag, flags, session);
    if (flags.dryRun !== true) await target.close();
    return outcome;
  } finally {
    await target.discard();
  }
}

async function pushTo(
  { store: target }: OpenTarget,
  tag: string,
  flags: PushFlags,
  { context, progress, warn }: Session,
): Promise<Outcome> {
  const { signal } = context;
  const configuration = await findConfigured();
  const architectures = flags.arch?.split(",") ?? configuration?.architectures;
  architectures?.forEach((name) => parsePlatform(name));
  const gathered = await (flags.from === undefined
    ? gatherConfigured(configuration, { target, tag, architectures, signal })
    : gatherNamed(flags.from, context));
  try {
    for (const { name, reason } of gathered.leftOut) {
      warn(`left out ${name}: ${reason}`);
    }
    const { children } = gathered;
    const runIdKey = configuration?.document.provenance?.keys?.runId;
    const plan = await planIndexPush({ target, tag, children, architectures, runIdKey, signal });
    if (flags.dryRun === true) return planOutcome(plan);
    const onProgress = showCopy(progress);
    return pushOutcome(
      plan,
      await pushIndex(plan, { force: flags.force === true, onProgress, signal }),
    );
  } finally {
    await gathered.close();
  }
}

async function gatherNamed(
  references: readonly string[],
  { signal, registry }: Context,
): Promise<GatheredChildren> {
  const locations = await Promise.all(references.map(parseConfigured));
  return gatherFromLocations(locations, { signal, registry });
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
