// SPDX-License-Identifier: MIT
import { parsePlatform, platformMatches, type Platform } from "../../oci/platform.ts";
import type { PoliciesFor } from "../../verify/policies/policy-checks.ts";
import type { Policy } from "../../verify/policies/policy.ts";
import type { Configuration } from "../configuration.ts";
import { expectedLinks } from "../expected-links.ts";
import { createExpander } from "../expand-variables.ts";
import { policyOf } from "./policy-to-value.ts";

/** The policy that holds the `links` of the configuration, which `verify-links` checks too. */
export const LINKS = "links";

/**
 * The policies that images of each platform have to keep; undefined for platforms that the configuration does not
 * list. A platform that nothing says has those that all architectures have alike.
 * @throws from the function: OciError `invalid-recipe` naming line and key
 */
export function configuredPolicies(configuration: Configuration): PoliciesFor {
  const known = new Map<string, readonly Policy[]>();
  const forArchitecture = (architecture: string): readonly Policy[] => {
    const policies = known.get(architecture) ?? expandPolicies(configuration, architecture);
    known.set(architecture, policies);
    return policies;
  };
  return (platform) => {
    const own = configuration.architectures.filter((name) => isFor(name, platform));
    const [first, ...others] = own.map(forArchitecture);
    if (first === undefined || platform !== undefined) return first;
    const rest = others.map((policies) => policies.map((policy) => JSON.stringify(policy)));
    return first.filter((policy) => rest.every((one) => one.includes(JSON.stringify(policy))));
  };
}

function isFor(name: string, platform: Platform | undefined): boolean {
  return platform === undefined || platformMatches(parsePlatform(name), platform);
}

function expandPolicies(configuration: Configuration, architecture: string): readonly Policy[] {
  const expander = createExpander(configuration, architecture);
  const links = expectedLinks(configuration, architecture);
  const policies = (configuration.document.policies ?? []).flatMap((policy, at) => {
    const path = ["policies", at];
    if (!expander.applies(policy.arch, path)) return [];
    const conditions = Object.entries(policy.when ?? {});
    const holds = conditions.every(
      ([name, value]) => expander.expand(`\${${name}}`, [...path, "when", name]) === value,
    );
    return holds ? [policyOf(policy, path, expander)] : [];
  });
  return links.length === 0 ? policies : [{ kind: "links", name: LINKS, links }, ...policies];
}
