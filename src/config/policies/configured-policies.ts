// SPDX-License-Identifier: MIT
import { OciError } from "../../oci/errors.ts";
import { parsePlatform, platformMatches, type Platform } from "../../oci/platform.ts";
import type { PoliciesFor } from "../../verify/policies/policy-checks.ts";
import { isOfImages } from "../../verify/policies/is-of-images.ts";
import type { Policy } from "../../verify/policies/policy.ts";
import type { Configuration } from "../configuration.ts";
import { expectedLinks } from "../expected-links.ts";
import { createExpander } from "../expand-variables.ts";
import { shortPathFrom } from "../short-path.ts";
import { policyOf } from "./policy-to-value.ts";

/** The policy that holds the `links` of the configuration, which `verify-links` checks too. */
export const LINKS = "links";

/**
 * The policies that images of each platform have to keep; undefined for platforms that the configuration does not
 * list. A platform that nothing says, as of a directory without programs, has those that all architectures have alike.
 * @throws from the function: OciError `invalid-recipe` naming line and key; `missing-input` for a platform that nothing
 *   says, with the policies that differ by architecture and could be asked of a directory
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
    const all = [first, ...others];
    const texts = all.map((policies) => policies.map((policy) => JSON.stringify(policy)));
    const isAlike = (policy: Policy): boolean =>
      texts.every((one) => one.includes(JSON.stringify(policy)));
    const asked = all.flat().filter(({ kind }) => !isOfImages(kind));
    const differing = new Set(asked.filter((one) => !isAlike(one)).map(({ name }) => name));
    if (differing.size > 0) throw differ(configuration, [...differing]);
    return first.filter(isAlike);
  };
}

function differ({ file }: Configuration, names: readonly string[]): OciError {
  const name = file === undefined ? "the configuration" : shortPathFrom(".", file);
  const list = names.join(", ");
  const differs = names.length === 1 ? `policy ${list} differs` : `policies ${list} differ`;
  return new OciError(
    "missing-input",
    `${name}: ${differs} by architecture: expected a root that says its own, got one without any program`,
    {
      details: { policies: names },
      hint: "Name it with --platform linux/ARCH, or leave the file's policies out with --no-config.",
    },
  );
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
