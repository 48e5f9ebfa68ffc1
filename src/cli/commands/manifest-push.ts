// SPDX-License-Identifier: MIT
import { escapeText } from "../../bytes/byte-string.ts";
import { gatherFromLocations, type GatheredChildren } from "../../publish/gather-children.ts";
import { planIndexPush } from "../../publish/plan-push.ts";
import { pushIndex } from "../../publish/push-index.ts";
import type { Configuration } from "../../config/configuration.ts";
import type { Location } from "../../image/location.ts";
import { openTarget, type OpenTarget } from "../../image/open-reference.ts";
import { OciError } from "../../oci/errors.ts";
import { parsePlatform } from "../../oci/platform.ts";
import type { Outcome, Session } from "../command.ts";
import type { Context } from "../context.ts";
import { findConfiguredFor, nameOf, parseConfigured, storeOf } from "../input/configured.ts";
import { showCopy } from "./copy.ts";
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
  const location = await parseConfigured(reference, session.context);
  const tag = tagOf(location, reference);
  const target = await openTarget(storeOf(location), { signal, registry });
  try {
    const configuration = await findConfiguredFor(location, session.context);
    const outcome = await pushTo(target, tag, { flags, configuration }, session);
    if (flags.dryRun !== true) await target.close();
    return outcome;
  } finally {
    await target.discard();
  }
}

/** What is asked for, and what holds for the repository or the layout that is pushed to. */
interface Pushing {
  readonly flags: PushFlags;
  readonly configuration: Configuration | undefined;
}

async function pushTo(
  { store: target }: OpenTarget,
  tag: string,
  { flags, configuration }: Pushing,
  { context, progress }: Session,
): Promise<Outcome> {
  const { signal } = context;
  const architectures = flags.arch?.split(",") ?? configuration?.architectures;
  architectures?.forEach((name) => parsePlatform(name));
  const gathered = await (flags.from === undefined
    ? gatherConfigured(configuration, { target, tag, architectures, signal })
    : gatherNamed(flags.from, context));
  try {
    for (const { name, reason } of gathered.leftOut) {
      context.stderr.write(`oci-kit: left out ${escapeText(name)}: ${escapeText(reason)}\n`);
    }
    const { children } = gathered;
    const runIdKey = configuration?.document.provenance?.keys?.runId;
    const plan = await planIndexPush({ target, tag, children, architectures, runIdKey, signal });
    if (flags.dryRun === true) return await says(planOutcome(plan), configuration);
    const onProgress = showCopy(progress);
    const pushed = await pushIndex(plan, { force: flags.force === true, onProgress, signal });
    return await says(pushOutcome(plan, pushed), configuration);
  } finally {
    await gathered.close();
  }
}

/** The outcome with the configuration that held. */
async function says(outcome: Outcome, configuration: Configuration | undefined): Promise<Outcome> {
  return {
    ...outcome,
    document: { ...outcome.document, configuration: configuration?.file },
    text: `${outcome.text}configuration: ${await nameOf(configuration)}\n`,
  };
}

async function gatherNamed(
  references: readonly string[],
  context: Context,
): Promise<GatheredChildren> {
  const { signal, registry } = context;
  const locations = await Promise.all(references.map((text) => parseConfigured(text, context)));
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
