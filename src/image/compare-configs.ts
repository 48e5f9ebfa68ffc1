// SPDX-License-Identifier: MIT
import type { ImageConfig } from "../oci/documents/image-config.ts";

/** A field in which two configurations differ. */
export interface ConfigDifference {
  /** Its keys, joined by dots: `config.Env.PATH`, `config.Labels.version`, `architecture`. */
  readonly field: string;
  /** JSON; undefined where the first configuration has no such field. */
  readonly one: string | undefined;
  /** JSON; undefined where the second configuration has no such field. */
  readonly other: string | undefined;
}

/** How the layers lie and were made: not what the image is. */
const LEFT_OUT: ReadonlySet<string> = new Set(["rootfs", "history"]);

/**
 * The fields in which two configurations differ, sorted. Variables of the environment and keys of objects are
 * fields of their own; lists are compared whole. `rootfs` and `history` are left out; a field that is null or empty
 * is the same as none (in `Volumes` and `ExposedPorts` the keys alone count).
 */
export function compareConfigs(one: ImageConfig, other: ImageConfig): readonly ConfigDifference[] {
  const [ones, others] = [fieldsOf(one), fieldsOf(other)];
  const names = [...new Set([...ones.keys(), ...others.keys()])].sort();
  return names
    .map((field) => ({ field, one: ones.get(field), other: others.get(field) }))
    .filter((difference) => difference.one !== difference.other);
}

function fieldsOf(config: ImageConfig): ReadonlyMap<string, string> {
  const fields = new Map<string, string>();
  const add = (name: string, value: unknown): void => {
    if (isNothing(value) && !/^config\.(?:Volumes|ExposedPorts)\./.test(name)) return;
    if (name === "config.Env" && Array.isArray(value)) {
      for (const [variable, setting] of value.map(splitVariable)) {
        fields.set(`${name}.${variable}`, JSON.stringify(setting));
      }
    } else if (isRecord(value) && !isEmpty(value)) {
      for (const [key, below] of Object.entries(value)) add(`${name}.${key}`, below);
    } else {
      fields.set(name, JSON.stringify(value));
    }
  };
  for (const [name, value] of Object.entries(config)) if (!LEFT_OUT.has(name)) add(name, value);
  return fields;
}

function isNothing(value: unknown): boolean {
  if (value === undefined || value === null || value === "") return true;
  return Array.isArray(value) ? value.length === 0 : isRecord(value) && isEmpty(value);
}

function isRecord(value: unknown): value is object {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isEmpty(value: object): boolean {
  return Object.keys(value).length === 0;
}

function splitVariable(text: unknown): [name: string, value: string] {
  const [name = "", ...value] = String(text).split("=");
  return [name, value.join("=")];
}
