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
  options: RegistryOptions = {},
): Promise<RepositoryStore> {
  const { rules = readMachineSettings().rules, transport, onMirrorFailed } = options;
  const all = transport !== undefined ? [] : typeof rules === "function" ? await rules() : rules;
  const rule = ruleFor(all, reference);
  if (rule === undefined) return openRepository(reference, options);
  if (rule.blocked) throw blocked(reference, rule);
  const primary = openAt(relocate(reference, rule, rule.location), rule.insecure, options);
  const mirrors = access === "write" ? [] : mirrorsFor(reference, rule);
  if (mirrors.length === 0) return primary;
  const retry = { ...options.retry, attempts: Math.min(2, options.retry?.attempts ?? 2) };
  const opened = mirrors.map(({ location, insecure }) =>
    openAt(relocate(reference, rule, location), insecure, { ...options, retry }),
  );
  return openMirrored(primary, opened, onMirrorFailed);
}

function mirrorsFor({ digest }: Reference, { mirrors }: RegistryRule): RegistryRule["mirrors"] {
  const unwanted = digest === undefined ? "digest-only" : "tag-only";
  return mirrors.filter(({ pull }) => pull !== unwanted);
}

function openAt(place: Reference, insecure: boolean, options: RegistryOptions): RepositoryStore {
  if (!insecure) return openRepository(place, options);
  const { tls = readMachineSettings().tls, scheme = "either" } = options;
  const anyCertificate: FindTls = (host) => ({
    ...(typeof tls === "function" ? tls(host) : tls),
    anyCertificate: true,
  });
  return openRepository(place, { ...options, scheme, tls: anyCertificate });
}

function blocked(reference: Reference, { file, prefix }: RegistryRule): OciError {
  return new OciError(
    "registry-refused",
    `${formatReference(reference)}: expected a registry that may be reached, got one that ${file} blocks (prefix ${JSON.stringify(prefix)})`,
    { details: { file, prefix }, hint: `Change ${file}, or ask whoever keeps this machine.` },
  );
}
