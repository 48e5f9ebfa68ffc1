// SPDX-License-Identifier: MIT
import { parse, TomlError } from "smol-toml";
import { OciError } from "../../oci/errors.ts";
import { quote } from "../../oci/quote.ts";
import type { PullFromMirror, RegistryMirror, RegistryRule } from "./registry-rules.ts";

type Table = Readonly<Record<string, unknown>>;

/**
 * The rules in one file `registries.conf`. Version 1 of the format is read too, for what it blocks and what
 * is insecure. What concerns names without a host (search registries, aliases) has no meaning here.
 * @throws OciError `invalid-config`
 */
export function parseRegistryRules(text: string, file: string): readonly RegistryRule[] {
  let root: Table;
  try {
    root = parse(text);
  } catch (cause) {
    if (!(cause instanceof TomlError)) throw cause;
    const [reason = ""] = cause.message.replace(/^Invalid TOML document: /, "").split("\n");
    const place = `line ${cause.line}, column ${cause.column}`;
    throw refuse(file, `TOML, got at ${place}: ${reason}`, cause);
  }
  const rules = tables(root["registry"], "registry", file).map((table) => parseRule(table, file));
  return [...rules, ...rulesOfVersion1(root["registries"], file)];
}

function parseRule(table: Table, file: string): RegistryRule {
  const location = textOf(table, "location", file);
  const prefix = textOf(table, "prefix", file) ?? location;
  if (prefix === undefined) {
    throw refuse(file, "a [[registry]] with location or prefix, got one without both");
  }
  if (location === undefined && !prefix.startsWith("*.")) {
    throw refuse(file, `a location for the prefix ${quote(prefix)}, got none`);
  }
  const byDigest = flagOf(table, "mirror-by-digest-only", file);
  const mirrors = tables(table["mirror"], "registry.mirror", file);
  return {
    prefix,
    location,
    insecure: flagOf(table, "insecure", file),
    blocked: flagOf(table, "blocked", file),
    mirrors: mirrors.map((mirror) => parseMirror(mirror, byDigest, file)),
    file,
  };
}

const PULLS: readonly unknown[] = ["all", "digest-only", "tag-only"];

function parseMirror(table: Table, byDigest: boolean, file: string): RegistryMirror {
  const location = textOf(table, "location", file);
  if (location === undefined) throw refuse(file, "a [[registry.mirror]] with location, got none");
  const pull = textOf(table, "pull-from-mirror", file) || (byDigest ? "digest-only" : "all");
  if (!PULLS.includes(pull)) {
    throw refuse(file, `pull-from-mirror to be one of ${PULLS.join(", ")}, got ${quote(pull)}`);
  }
  const insecure = flagOf(table, "insecure", file);
  return { location, insecure, pull: pull as PullFromMirror };
}

function rulesOfVersion1(value: unknown, file: string): readonly RegistryRule[] {
  const rules = new Map<string, RegistryRule>();
  const hosts = (key: "insecure" | "block"): readonly unknown[] => {
    const list = isTable(value) && isTable(value[key]) ? value[key]["registries"] : undefined;
    return Array.isArray(list) ? list : [];
  };
  for (const key of ["insecure", "block"] as const) {
    for (const host of hosts(key)) {
      const prefix = cleaned(String(host));
      const before = rules.get(prefix);
      rules.set(prefix, {
        ...{ prefix, location: prefix, mirrors: [], file },
        insecure: key === "insecure" || before?.insecure === true,
        blocked: key === "block",
      });
    }
  }
  return [...rules.values()];
}

function tables(value: unknown, name: string, file: string): readonly Table[] {
  if (value === undefined) return [];
  if (Array.isArray(value) && value.every(isTable)) return value;
  throw refuse(file, `${name} to be written as [[${name}]], got something else`);
}

function textOf(table: Table, key: string, file: string): string | undefined {
  const value = table[key];
  if (value === undefined || value === "") return undefined;
  if (typeof value === "string") return cleaned(value);
  throw refuse(file, `${key} to be a text, got ${quote(value)}`);
}

/** The containers tools refuse a scheme and drop slashes at the end; a scheme is harmless, and dropped here too. */
function cleaned(text: string): string {
  return text.replace(/^https?:\/\//, "").replace(/\/+$/, "");
}

function flagOf(table: Table, key: string, file: string): boolean {
  const value = table[key] ?? false;
  if (typeof value === "boolean") return value;
  throw refuse(file, `${key} to be true or false, got ${quote(value)}`);
}

function isTable(value: unknown): value is Table {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function refuse(file: string, expected: string, cause?: unknown): OciError {
  return new OciError("invalid-config", `${file}: expected ${expected}`, {
    details: { file },
    hint: "containers-registries.conf(5) has the format; CONTAINERS_REGISTRIES_CONF names another file.",
    cause,
  });
}
