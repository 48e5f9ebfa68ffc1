// SPDX-License-Identifier: MIT
import { formatReference, parseReference, type Reference } from "../../oci/reference.ts";

/** Which references a mirror is asked for. */
export type PullFromMirror = "all" | "digest-only" | "tag-only";

/** A place that may have the same images. */
export interface RegistryMirror {
  /** Replaces the prefix of a reference. */
  readonly location: string;
  /** http, and https with any certificate, are accepted there. */
  readonly insecure: boolean;
  readonly pull: PullFromMirror;
}

/** What `registries.conf` says of all references that begin with a prefix. */
export interface RegistryRule {
  /** `host[:port][/path]`, or `*.domain` for every host below a domain. */
  readonly prefix: string;
  /** Replaces the prefix; undefined when the reference stays as it is. */
  readonly location: string | undefined;
  /** http, and https with any certificate, are accepted there. */
  readonly insecure: boolean;
  /** Nothing may be read or written there. */
  readonly blocked: boolean;
  /** In the order in which they are asked. */
  readonly mirrors: readonly RegistryMirror[];
  /** The file that says so. */
  readonly file: string;
}

/** All rules of a machine (containers-registries.conf(5), version 2), no prefix twice. */
export type RegistryRules = readonly RegistryRule[];

/** The rule for a reference, which is the one with the longest prefix; undefined when there is none. */
export function ruleFor(rules: RegistryRules, reference: Reference): RegistryRule | undefined {
  const text = formatReference(reference);
  let found: RegistryRule | undefined;
  for (const rule of rules) {
    const isLonger = rule.prefix.length > (found?.prefix.length ?? -1);
    if (isLonger && matchedLength(text, rule.prefix) !== undefined) found = rule;
  }
  return found;
}

/** The reference with the location in place of the rule's prefix. @throws OciError `invalid-reference` */
export function relocate(
  reference: Reference,
  { prefix }: RegistryRule,
  location: string | undefined,
): Reference {
  const text = formatReference(reference);
  const length = matchedLength(text, prefix);
  if (location === undefined || length === undefined) return reference;
  return parseReference(location + text.slice(length));
}

/** Of how many characters the prefix is a prefix, ending where a part of the reference ends. */
function matchedLength(text: string, prefix: string): number | undefined {
  let end = prefix.length;
  if (prefix.startsWith("*.")) {
    const at = text.indexOf(prefix.slice(1));
    if (at < 0 || text.slice(0, at).includes("/")) return undefined;
    end = at + prefix.length - 1;
  } else if (!text.startsWith(prefix)) return undefined;
  return end === text.length || ":/@".includes(text[end]!) ? end : undefined;
}
