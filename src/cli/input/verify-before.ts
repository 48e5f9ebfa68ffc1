// SPDX-License-Identifier: MIT
import { join } from "node:path";
import type { Configuration } from "../../config/configuration.ts";
import type { VerifyBeforeOptions } from "../../publish/unfit-images.ts";
import type { Session } from "../command.ts";
import { showVerifying } from "../progress/show-verifying.ts";
import { indexCacheOf } from "./index-cache.ts";

/** How images are looked into before they are pushed: with the user's caches, and the configuration's policies. */
export async function verifyBeforeOptions(
  configuration: Configuration | undefined,
  { context, progress }: Session,
): Promise<VerifyBeforeOptions> {
  const [{ openFactsCache }, { openVerdictCache }, { defaultCacheDirectory }] = await Promise.all([
    import("../../verify/facts/facts-cache.ts"),
    import("../../verify/facts/verdict-cache.ts"),
    import("../../store/cache-directory.ts"),
  ]);
  const cache = defaultCacheDirectory(context.env);
  return {
    policies: configuration && (await policiesOf(configuration)),
    cache: await indexCacheOf(context),
    facts: openFactsCache(join(cache, "content-facts")),
    verdicts: openVerdictCache(join(cache, "verdicts")),
    signal: context.signal,
    limits: context.limits,
    onProgress: showVerifying(progress),
  };
}

async function policiesOf(configuration: Configuration): Promise<VerifyBeforeOptions["policies"]> {
  const { configuredPolicies } = await import("../../config/policies/configured-policies.ts");
  return configuredPolicies(configuration);
}
