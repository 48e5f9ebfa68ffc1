// SPDX-License-Identifier: MIT
import { fromText } from "../../bytes/byte-string.ts";
import { isElfArchitecture } from "../../elf/elf-header.ts";
import { isOciError, type OciError } from "../../oci/errors.ts";
import { quote } from "../../oci/quote.ts";
import { compileGlob } from "../../rootfs/glob.ts";
import type { Policy } from "../../verify/policies/policy.ts";
import type { KeyPath } from "../configuration.ts";
import type { Expander } from "../expand-variables.ts";
import { parseOwner } from "../recipe/parse-values.ts";
import { parseSize } from "./parse-size.ts";
import type { PolicyDocument } from "./policy-schema.ts";

/** Reads texts of one policy: variables replaced, what is for other architectures left out. */
interface Reader {
  readonly text: (value: string, ...keys: KeyPath) => string;
  readonly texts: (values: readonly string[], ...keys: KeyPath) => readonly string[];
  /** As {@link text}, for a pattern of paths. */
  readonly pattern: (value: string, ...keys: KeyPath) => string;
  readonly patterns: (values: readonly string[], ...keys: KeyPath) => readonly string[];
  readonly refuse: (why: string, ...keys: KeyPath) => OciError;
  readonly own: <T>(values: readonly T[], ...keys: KeyPath) => readonly (readonly [T, KeyPath])[];
}

/** Makes a policy from one of the file. @throws OciError `invalid-recipe` naming line and key */
export function policyOf(policy: PolicyDocument, path: KeyPath, expander: Expander): Policy {
  const text: Reader["text"] = (value, ...keys) => expander.expand(value, [...path, ...keys]);
  const pattern: Reader["pattern"] = (value, ...keys) => {
    const expanded = text(value, ...keys);
    try {
      compileGlob(fromText(expanded));
    } catch (error) {
      if (!isOciError(error)) throw error;
      throw expander.refuse([...path, ...keys], error.message);
    }
    return expanded;
  };
  const reader: Reader = {
    text,
    pattern,
    refuse: (why, ...keys) => expander.refuse([...path, ...keys], why),
    patterns: (values, ...keys) => values.map((value, at) => pattern(value, ...keys, at)),
    texts: (values, ...keys) => values.map((value, at) => text(value, ...keys, at)),
    own: (values, ...keys) =>
      values.flatMap((value, at) => {
        const { arch } = (typeof value === "object" ? value : {}) as { arch?: readonly string[] };
        return expander.applies(arch, [...path, ...keys, at])
          ? [[value, [...keys, at]] as const]
          : [];
      }),
  };
  const { name, severity, exempt } = policy;
  const exemptions = reader.own(exempt ?? [], "exempt").map(([{ path: what, reason }, keys]) => ({
    path: pattern(what, ...keys, "path"),
    reason: text(reason, ...keys, "reason"),
  }));
  return { name, severity, exempt: exemptions, ...ruleOf(policy, reader, expander) };
}

type Unnamed<T> = T extends unknown ? Omit<T, "name" | "severity" | "exempt"> : never;

function ruleOf(policy: PolicyDocument, reader: Reader, expander: Expander): Unnamed<Policy> {
  const { texts, patterns } = reader;
  if ("links" in policy) return linksOf(policy, reader);
  if ("architecture" in policy) return architectureOf(policy, reader);
  if ("present" in policy) return presentOf(policy, reader);
  if ("absent" in policy) return { kind: "absent", paths: patterns(policy.absent, "absent") };
  if ("stripped" in policy)
    return { kind: "stripped", paths: patterns(policy.stripped, "stripped") };
  if ("libraryPrecedence" in policy) {
    const directories = texts(policy.libraryPrecedence, "libraryPrecedence");
    return { kind: "library-precedence", directories };
  }
  if ("privileges" in policy) {
    return { kind: "privileges", allowed: patterns(policy.privileges, "privileges") };
  }
  if ("owners" in policy) return ownersOf(policy, reader);
  if ("danglingLinks" in policy) {
    return { kind: "dangling-links", below: texts(policy.danglingLinks, "danglingLinks") };
  }
  if ("worldWritable" in policy) {
    return { kind: "world-writable", below: texts(policy.worldWritable, "worldWritable") };
  }
  if ("parity" in policy) return { kind: "parity", paths: patterns(policy.parity, "parity") };
  if ("provenance" in policy) {
    return { kind: "provenance", keys: texts(policy.provenance, "provenance") };
  }
  if ("size" in policy) return sizeOf(policy, reader);
  if ("configuration" in policy) return configurationOf(policy, reader);
  return environmentOf(policy, reader, expander);
}

type Kind<Key extends string> = Extract<PolicyDocument, Record<Key, unknown>>;

function linksOf({ links }: Kind<"links">, { own, text, texts }: Reader): Unnamed<Policy> {
  const kept = own(links, "links").map(([{ path, target, through }, keys]) => ({
    path: text(path, ...keys, "path"),
    target: text(target, ...keys, "target"),
    through: through && texts(through, ...keys, "through"),
  }));
  return { kind: "links", links: kept };
}

function architectureOf(
  { architecture }: Kind<"architecture">,
  { own, text, refuse }: Reader,
): Unnamed<Policy> {
  const trees = own(architecture, "architecture").map(([tree, keys]) => {
    if (typeof tree === "string") return { path: text(tree, ...keys) };
    const is = text(tree.is, ...keys, "is");
    if (isElfArchitecture(is)) return { path: text(tree.path, ...keys, "path"), architecture: is };
    const why = `expected one whose ELF machine is known, as arm64, got ${quote(is)}`;
    throw refuse(why, ...keys, "is");
  });
  return { kind: "architecture", trees };
}

function presentOf({ present }: Kind<"present">, { own, pattern }: Reader): Unnamed<Policy> {
  const paths = own(present, "present").map(([wanted, keys]) => {
    if (typeof wanted === "string") return { path: pattern(wanted, ...keys) };
    const { path, atLeast, nonEmpty, type } = wanted;
    return { path: pattern(path, ...keys, "path"), atLeast, nonEmpty, type };
  });
  return { kind: "present", paths };
}

function ownersOf({ owners }: Kind<"owners">, { own, text }: Reader): Unnamed<Policy> {
  const trees = own(owners, "owners").map(([{ path, owner }, keys]) => ({
    path: text(path, ...keys, "path"),
    ...parseOwner(owner),
  }));
  return { kind: "owners", trees };
}

function sizeOf({ size }: Kind<"size">, { text }: Reader): Unnamed<Policy> {
  const bytes = (value: string | number | undefined): number | undefined =>
    value === undefined ? undefined : parseSize(value);
  return {
    kind: "size",
    image: bytes(size.image),
    layer: bytes(size.layer),
    trees: size.trees?.map(({ path, most }, at) => ({
      path: text(path, "size", "trees", at, "path"),
      most: parseSize(most),
    })),
  };
}

function configurationOf(
  { configuration }: Kind<"configuration">,
  { text, texts }: Reader,
): Unnamed<Policy> {
  const { programs, user, workdir, volumes, labels = {}, searchPath } = configuration;
  const key = "configuration";
  return {
    ...{ kind: "configuration", programs, searchPath },
    user: user === undefined ? undefined : text(user, key, "user"),
    workdir: workdir === undefined ? undefined : text(workdir, key, "workdir"),
    volumes: volumes && texts(volumes, key, "volumes"),
    labels: Object.fromEntries(
      Object.entries(labels).map(([name, value]) => [name, text(value, key, "labels", name)]),
    ),
  };
}

function environmentOf(
  { environment }: Kind<"environment">,
  { text, texts }: Reader,
  { variables }: Expander,
): Unnamed<Policy> {
  const { values = {}, forbidden } = environment;
  const key = "environment";
  return {
    kind: "environment",
    values: Object.fromEntries(
      Object.entries(values).map(([name, value]) => [name, text(value, key, "values", name)]),
    ),
    agrees: environment.variables === true ? variables : undefined,
    forbidden: forbidden && texts(forbidden, key, "forbidden"),
  };
}
