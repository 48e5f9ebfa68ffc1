// SPDX-License-Identifier: MIT
import { join } from "node:path";
import { OciError } from "../../oci/errors.ts";
import { quote } from "../../oci/quote.ts";
import type { Environment } from "../machine/environment.ts";
import { homeDirectory } from "../../files/home-directory.ts";
import { readIfThere } from "../machine/read-if-there.ts";
import type { HostHabits } from "./registry-habits.ts";

/** What a value has to be, in words, and whether it is that. */
interface Form {
  readonly words: string;
  readonly fits: (value: unknown) => boolean;
}

const TEXT: Form = { words: "a text", fits: (value) => typeof value === "string" && value !== "" };
const FLAG: Form = { words: "true or false", fits: (value) => typeof value === "boolean" };
const COUNT: Form = {
  words: "a whole number above 0",
  fits: (value) => Number.isSafeInteger(value) && Number(value) > 0,
};
const HOSTS: Form = {
  words: "a list of hosts",
  fits: (value) => Array.isArray(value) && value.length > 0 && value.every(TEXT.fits),
};
const USE: Form = {
  words: "never, large or always",
  fits: (value) => ["never", "large", "always"].includes(String(value)),
};

const CHUNK_KEYS = { use: USE, length: COUNT, from: COUNT, most: COUNT };
const KEYS: Readonly<Record<string, Form>> = {
  ...{ hosts: HOSTS, name: TEXT, blobBytes: COUNT, uploadTime: COUNT, pageSize: COUNT },
  ...{
    mounts: FLAG,
    deletesTags: FLAG,
    checksManifests: FLAG,
    chunks: { words: "a map", fits: isMap },
  },
};

/**
 * What the user knows of registries: a list of {@link HostHabits} as JSON, in `oci-kit/registries.json` of
 * `XDG_CONFIG_HOME` or else of `~/.config`. Empty where there is no such file.
 * @throws OciError `invalid-config`, `unreadable`
 */
export function readHabitsFile(environment: Environment = process.env): readonly HostHabits[] {
  const config = environment["XDG_CONFIG_HOME"] || join(homeDirectory(environment), ".config");
  const file = join(config, "oci-kit", "registries.json");
  const text = readIfThere(file);
  return text === undefined ? [] : parseHabits(text, file);
}

/** Parses what {@link readHabitsFile} reads. @throws OciError `invalid-config` */
export function parseHabits(text: string, file: string): readonly HostHabits[] {
  let list: unknown;
  try {
    list = JSON.parse(text);
  } catch (cause) {
    throw refuse(file, `JSON, got something else: ${(cause as Error).message}`, cause);
  }
  if (!Array.isArray(list)) throw refuse(file, "a list of what is known of registries");
  return list.map((entry: unknown, index) => {
    const where = `[${index}]`;
    const habits = checkMap(entry, KEYS, file, where);
    if (habits["hosts"] === undefined) throw refuse(file, `hosts in ${where}, got none`);
    if (habits["chunks"] !== undefined) {
      checkMap(habits["chunks"], CHUNK_KEYS, file, `${where}.chunks`);
    }
    return habits as unknown as HostHabits;
  });
}

function checkMap(
  value: unknown,
  forms: Readonly<Record<string, Form>>,
  file: string,
  where: string,
): Readonly<Record<string, unknown>> {
  if (!isMap(value)) throw refuse(file, `${where} to be a map, got ${quote(value)}`);
  for (const [key, part] of Object.entries(value)) {
    const form = Object.hasOwn(forms, key) ? forms[key] : undefined;
    if (form === undefined) {
      const known = Object.keys(forms).join(", ");
      throw refuse(file, `keys of ${where} to be among ${known}, got ${quote(key)}`);
    }
    if (!form.fits(part)) {
      throw refuse(file, `${where}.${key} to be ${form.words}, got ${quote(part)}`);
    }
  }
  return value;
}

function isMap(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function refuse(file: string, expected: string, cause?: unknown): OciError {
  return new OciError("invalid-config", `${file}: expected ${expected}`, {
    details: { file },
    hint: "docs/registries.md has the keys; without the file only what oci-kit itself knows counts.",
    cause,
  });
}
