// SPDX-License-Identifier: MIT
import { OciError } from "../../oci/errors.ts";
import { formatReference, type Reference } from "../../oci/reference.ts";
import { readMachineSettings } from "../machine/machine-settings.ts";
import { relocate, ruleFor, type RegistryRule } from "../machine/registry-rules.ts";
import type { FindTls } from "../registry-options.ts";
import { openRepository, type RegistryOptions, type RepositoryStore } from "../repository.ts";
import { openMirrored } from "./mirrored-repository.ts";

/**
 * Opens the repository of a reference where the machine's rules (`registries.conf`) say that it is: at another
 * location, and for reading at its mirrors first. Without a rule it is where the reference says. With
 * `options.transport` there are no rules, because it is of one registry.
 * @param access what is written never goes to a mirror
 * @throws OciError `registry-refused` for a blocked registry; `invalid-config`, `unreadable`, `not-found` for
 *   the files with the rules; `invalid-reference`
 */
export async function openByRules(
  reference: Reference,
  access: "read" | "write",
  given: RegistryOptions = {},
): Promise<RepositoryStore> {
  const { registry } = reference;
  const rule = await findRule(reference, given);
  if (rule === undefined) return openRepository(reference, given);
  const options = {
    ...given,
    onUploadRate: (rate: number) => given.onUploadRate?.(rate, registry),
  };
  const primary = openAt(relocate(reference, rule, rule.location), rule.insecure, options);
  const mirrors = access === "write" ? [] : mirrorsFor(reference, rule);
  if (mirrors.length === 0) return primary;
  const retry = { ...options.retry, attempts: Math.min(2, options.retry?.attempts ?? 2) };
  const opened = mirrors.map(({ location, insecure }) =>
    openAt(relocate(reference, rule, location), insecure, { ...options, retry }),
  );
  return openMirrored(primary, opened, options.onMirrorFailed);
}

/**
 * Where the machine's rules say that a repository itself is, and how to reach it: what {@link openByRules} opens for
 * writing, for who asks the registry without a store. Of a registry without a repository, only whether and how it
 * may be reached: locations are of repositories.
 * @throws OciError as {@link openByRules}
 */
export async function placeByRules<Options extends RegistryOptions>(
  named: Place,
  options: Options,
): Promise<{ readonly place: Place; readonly options: Options }> {
  const { registry, repository } = named;
  // A registry's name alone is matched as a reference's beginning is.
  const reference = repository === undefined ? undefined : { registry, repository };
  const rule = await findRule(reference ?? { registry, repository: "" }, options);
  if (rule === undefined) return { place: named, options };
  const place = reference === undefined ? named : relocate(reference, rule, rule.location);
  return { place, options: rule.insecure ? { ...options, ...anyCertificate(options) } : options };
}

/** A registry, or one of its repositories. */
interface Place {
  readonly registry: string;
  readonly repository?: string | undefined;
}

async function findRule(
  reference: Reference,
  { rules = readMachineSettings().rules, transport }: RegistryOptions,
): Promise<RegistryRule | undefined> {
  const all = transport !== undefined ? [] : typeof rules === "function" ? await rules() : rules;
  const rule = ruleFor(all, reference);
  if (rule?.blocked === true) throw blocked(reference, rule);
  return rule;
}

function mirrorsFor({ digest }: Reference, { mirrors }: RegistryRule): RegistryRule["mirrors"] {
  const unwanted = digest === undefined ? "digest-only" : "tag-only";
  return mirrors.filter(({ pull }) => pull !== unwanted);
}

function openAt(place: Reference, insecure: boolean, options: RegistryOptions): RepositoryStore {
  return openRepository(place, insecure ? { ...options, ...anyCertificate(options) } : options);
}

function anyCertificate({
  tls = readMachineSettings().tls,
  scheme = "either",
}: RegistryOptions): RegistryOptions {
  const find: FindTls = (host) => ({
    ...(typeof tls === "function" ? tls(host) : tls),
    anyCertificate: true,
  });
  return { scheme, tls: find };
}

function blocked(reference: Reference, { file, prefix }: RegistryRule): OciError {
  return new OciError(
    "registry-refused",
    `${formatReference(reference).replace(/\/$/, "")}: expected a registry that may be reached, got one that ${file} blocks (prefix ${JSON.stringify(prefix)})`,
    { details: { file, prefix }, hint: `Change ${file}, or ask whoever keeps this machine.` },
  );
}
