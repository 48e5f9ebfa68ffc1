// SPDX-License-Identifier: MIT
import { join } from "node:path";
import { OciError } from "../../oci/errors.ts";
import type { Environment } from "./environment.ts";
import { homeDirectory } from "../../files/home-directory.ts";
import { listIfThere, readIfThere } from "./read-if-there.ts";
import type { RegistryRule, RegistryRules } from "./registry-rules.ts";

const SYSTEM = "/etc/containers";

/**
 * The rules of this machine: of the file that `CONTAINERS_REGISTRIES_CONF` names, else of the user's
 * `registries.conf`, else of the system's; and of the files in `registries.conf.d` (the system's only where the
 * user has no file), a later rule in place of an earlier one for the same prefix. Empty without any file.
 * @throws OciError `unreadable`, `invalid-config`; `not-found` when the variable names no file
 */
export async function findRegistryRules(
  environment: Environment,
  system = SYSTEM,
): Promise<RegistryRules> {
  const rules = new Map<string, RegistryRule>();
  for (const { file, text } of readFiles(environment, system)) {
    if (!mayHaveRules(text)) continue;
    // Loaded only here, so that a machine without rules does not pay for it.
    const { parseRegistryRules } = await import("./parse-registry-rules.ts");
    for (const rule of parseRegistryRules(text, file)) rules.set(rule.prefix, rule);
  }
  return [...rules.values()];
}

interface ReadFile {
  readonly file: string;
  readonly text: string;
}

function readFiles(environment: Environment, system: string): readonly ReadFile[] {
  const user = join(homeDirectory(environment), ".config/containers");
  const named = environment["CONTAINERS_REGISTRIES_CONF"];
  if (named) {
    return [readNamed(named), ...readDropIns(system), ...readDropIns(user)];
  }
  const own = read(join(user, "registries.conf"));
  if (own.length > 0) return [...own, ...readDropIns(user)];
  return [...read(join(system, "registries.conf")), ...readDropIns(system), ...readDropIns(user)];
}

function readNamed(file: string): ReadFile {
  const text = readIfThere(file);
  if (text !== undefined) return { file, text };
  throw new OciError(
    "not-found",
    `CONTAINERS_REGISTRIES_CONF: expected the file ${JSON.stringify(file)}, got nothing`,
    { details: { file }, hint: "Change or unset the variable in the environment." },
  );
}

function readDropIns(directory: string): readonly ReadFile[] {
  const place = join(directory, "registries.conf.d");
  const names = (listIfThere(place) ?? []).filter((name) => name.endsWith(".conf"));
  return names.flatMap((name) => read(join(place, name)));
}

function read(file: string): readonly ReadFile[] {
  const text = readIfThere(file);
  return text === undefined ? [] : [{ file, text }];
}

/** The keys and headers that start rules. An alias may be called `"registry"`, but is a string. */
const STARTS_RULE =
  /^\s*\[{0,2}\s*(?:registry\s*[\].=]|["']registry["']\s*(?:[\].]|=\s*\[)|["']?registries["']?\s*(?:[\]=]|\.\s*["']?(?:insecure|block)))/m;

/** False for files of comments, search registries and aliases, which are all that most machines have. */
function mayHaveRules(text: string): boolean {
  return STARTS_RULE.test(text);
}
