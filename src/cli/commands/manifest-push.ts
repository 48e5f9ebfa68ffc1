// SPDX-License-Identifier: MIT
import { gatherFromLocations, type GatheredChildren } from "../../publish/gather-children.ts";
import { planIndexPush } from "../../publish/plan-push.ts";
import { pushIndex } from "../../publish/push-index.ts";
import type { Configuration } from "../../config/configuration.ts";
import { storeOf, type Location } from "../../image/location.ts";
import { openTarget, type OpenTarget } from "../../image/open-reference.ts";
import { OciError } from "../../oci/errors.ts";
import { parsePlatform } from "../../oci/platform.ts";
import type { Outcome, Session } from "../command.ts";
import type { Context } from "../context.ts";
import { findConfigured, findConfiguredFor, nameOf, parseConfigured } from "../input/configured.ts";
import { showCopy } from "../progress/show-copy.ts";
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

/** Runs `oci-kit manifest push`: gathers the images, plans the index, then pushes it or prints the plan. */
export async function pushManifest(
  reference: string,
  flags: PushFlags,
  session: Session,
): Promise<Outcome> {
  const { signal, registry, limits } = session.context;
  const location = await parseConfigured(reference, session.context);
  const tag = tagOf(location, reference);
  const target = await openTarget(storeOf(location), { signal, registry, limits });
  try {
    const held = await findConfiguredFor(location, session.context);
    const source = flags.from === undefined ? await findConfigured(session.context) : undefined;
    const outcome = await pushTo(target, tag, { flags, held, source: source ?? held }, session);
    if (flags.dryRun !== true) await target.close();
    return outcome;
  } finally {
    await target.discard();
  }
}

/** The flags of a push and the configurations that it uses. */
interface Pushing {
  readonly flags: PushFlags;
  /** The configuration of the repository or layout that is pushed to. All its architectures must be present. */
  readonly held: Configuration | undefined;
  /** The configuration of the working directory, whose output holds the images. */
  readonly source: Configuration | undefined;
}

async function pushTo(
  { store: target }: OpenTarget,
  tag: string,
  { flags, held, source }: Pushing,
  { context, progress, warn }: Session,
): Promise<Outcome> {
  const { signal, limits } = context;
  const architectures = flags.arch?.split(",") ?? held?.architectures;
  architectures?.forEach((name) => parsePlatform(name));
  const gathered = await (flags.from === undefined
    ? gatherConfigured(source, { target, tag, architectures, signal })
    : gatherNamed(flags.from, context));
  try {
    for (const { name, reason } of gathered.leftOut) {
      warn(`left out ${name}: ${reason}`);
    }
    const { children } = gathered;
    const runIdKey = source?.document.provenance?.keys?.runId;
    const plan = await planIndexPush({
      target,
      tag,
      children,
      architectures,
      runIdKey,
      signal,
      limits,
    });
    if (flags.dryRun === true) return await says(planOutcome(plan), { held, source });
    const force = flags.force === true;
    const onProgress = showCopy(progress);
    const pushed = await pushIndex(plan, { force, onProgress, signal, limits });
    return await says(pushOutcome(plan, pushed), { held, source });
  } finally {
    await gathered.close();
  }
}

/** Adds to the outcome which configuration was used, and whether its architectures were required. */
async function says(
  outcome: Outcome,
  { held, source }: Pick<Pushing, "held" | "source">,
): Promise<Outcome> {
  const isHeld = source === undefined || held !== undefined;
  const what = isHeld ? "" : ", whose architectures are not asked for here";
  return {
    ...outcome,
    document: { ...outcome.document, configuration: source?.file },
    lines: [...outcome.lines, `configuration: ${await nameOf(source)}${what}`],
  };
}

async function gatherNamed(
  references: readonly string[],
  context: Context,
): Promise<GatheredChildren> {
  const { signal, registry, limits } = context;
  const locations = await Promise.all(references.map((text) => parseConfigured(text, context)));
  return gatherFromLocations(locations, { signal, registry, limits });
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
