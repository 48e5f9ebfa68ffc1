// SPDX-License-Identifier: MIT
import { outputRoot } from "../../config/output-directory.ts";
import type { Configuration } from "../../config/configuration.ts";
import { indexTagOf } from "../../publish/edit/tagged-index.ts";
import { publishIndex } from "../../publish/publish-index.ts";
import type { Outcome, Session } from "../command.ts";
import {
  checkSet,
  findConfigured,
  findConfiguredFor,
  nameOf,
  parseConfigured,
  variablesOf,
} from "../input/configured.ts";
import { gateOptions } from "../input/gate-options.ts";
import { verifyBeforeOptions } from "../input/verify-before.ts";
import { referenceOptions } from "../input/reference-options.ts";
import { parseRate } from "../input/values/rate.ts";
import { habitsAt } from "../../layering/habits-at.ts";
import { OciError } from "../../oci/errors.ts";
import { showCopy } from "../progress/show-copy.ts";
import { planOutcome, pushOutcome } from "./manifest-push-text.ts";

/** The flags of `oci-kit manifest push`, as they were typed. */
export interface PushFlags {
  readonly json?: true;
  readonly from?: readonly string[];
  readonly arch?: string;
  readonly force?: readonly string[];
  readonly set?: readonly string[];
  readonly dryRun?: true;
  readonly rate?: string;
}

/** Runs `oci-kit manifest push`: publishes the index, or prints the plan. */
export async function pushManifest(
  reference: string,
  flags: PushFlags,
  session: Session,
): Promise<Outcome> {
  const { context, progress, warn } = session;
  const location = await parseConfigured(reference, context);
  const tag = indexTagOf(location);
  // The architectures and aliases of the repository or layout that is pushed to; the images of the working directory.
  const variables = variablesOf(flags.set ?? []);
  const held = await findConfiguredFor(location, context, variables);
  const found = flags.from === undefined ? await findConfigured(context, { variables }) : undefined;
  const source = found ?? held;
  checkSet(variables, source);
  const from = flags.from?.map((text) => parseConfigured(text, context));
  const { dryRun } = flags;
  const rate = rateOf(flags);
  const options = await referenceOptions({ ...(dryRun === true && { dryRun }) }, session);
  const { plan, pushed } = await publishIndex(location, {
    ...options,
    from: from && (await Promise.all(from)),
    directory: source && outputRoot(source),
    architectures: flags.arch?.split(",") ?? held?.architectures,
    aliases: held?.document.aliases?.[tag],
    ...(await gateOptions(flags.force, source, context)),
    verify: await verifyBeforeOptions(held, session),
    onLeftOut: ({ name, reason }) => warn(`left out ${name}: ${reason}`),
    onProgress: showCopy(progress),
  });
  const outcome =
    pushed === undefined
      ? planOutcome(plan, { rate, habits: habitsAt(location, options) })
      : pushOutcome(plan, pushed);
  return says(outcome, held, source);
}

/** The rate of the line, which a plan alone can say something with. */
function rateOf({ rate, dryRun }: PushFlags): number | undefined {
  if (rate === undefined) return undefined;
  if (dryRun === true) return parseRate("--rate", rate);
  throw new OciError("invalid-argument", "--rate: expected --dry-run with it");
}

/** Adds to the outcome which configuration was used, and whether its architectures were required. */
async function says(
  outcome: Outcome,
  held: Configuration | undefined,
  source: Configuration | undefined,
): Promise<Outcome> {
  const isHeld = source === undefined || held !== undefined;
  const what = isHeld ? "" : ", whose architectures are not asked for here";
  return {
    ...outcome,
    document: { ...outcome.document, configuration: source?.file },
    lines: [...outcome.lines, `configuration: ${await nameOf(source)}${what}`],
  };
}
