// SPDX-License-Identifier: MIT
import { createReadStream } from "node:fs";
import { readAll } from "../../bytes/streams/read-all.ts";
import { fileError, systemCode } from "../../files/system-error.ts";
import { findKey } from "../../oci/documents/fold-key.ts";
import { OciError } from "../../oci/errors.ts";
import type { Limits } from "../../oci/limits.ts";
import { quote } from "../../oci/quote.ts";
import type { CredentialPlace } from "./credential-places.ts";
import { applicableKeys, parseKey } from "./registry-key.ts";

/** What a configuration file says of credentials. Its entries are not parsed yet: most are of other registries. */
export interface CredentialFile {
  readonly auths: ReadonlyMap<string, unknown>;
  readonly credHelpers: ReadonlyMap<string, unknown>;
  /** The helper of every registry that `credHelpers` does not name. */
  readonly credsStore: string | undefined;
}

/** A file without anything in it. */
export const NO_CREDENTIALS: CredentialFile = Object.freeze({
  auths: new Map<string, unknown>(),
  credHelpers: new Map<string, unknown>(),
  credsStore: undefined,
});

/**
 * Reads a configuration file. Undefined when there is none; an empty one, or one of white space, has nothing in it.
 * @throws OciError `unreadable`, `limit-exceeded`; `invalid-json`, `invalid-config` for one that can't be understood.
 * No message shows what is in the file.
 */
export async function readCredentialFile(
  place: CredentialPlace,
  { documentBytes }: Limits,
): Promise<CredentialFile | undefined> {
  const text = place.text ?? (await readText(place.name, documentBytes));
  return text === undefined ? undefined : parseCredentialFile(text, place);
}

async function readText(path: string, limit: number): Promise<string | undefined> {
  try {
    const bytes = await readAll(createReadStream(path), limit, path, "documentBytes");
    return new TextDecoder().decode(bytes);
  } catch (error) {
    const code = systemCode(error);
    if (code === "ENOENT" || code === "ENOTDIR") return undefined;
    throw code === undefined ? error : fileError("unreadable", path, error);
  }
}

function parseCredentialFile(text: string, { name, isLegacy }: CredentialPlace): CredentialFile {
  const document = parseObject(text.replace(/^\uFEFF/, ""), name);
  if (isLegacy === true) {
    return { ...NO_CREDENTIALS, auths: new Map(Object.entries(document)) };
  }
  const store = field(document, "credsStore");
  return {
    auths: readMap(field(document, "auths"), "auths", name),
    credHelpers: readMap(field(document, "credHelpers"), "credHelpers", name),
    credsStore: typeof store === "string" && store !== "" ? store : undefined,
  };
}

/** The value of a field, whatever its case: docker is written in Go, for which `Auths` is `auths` too. */
export function field(object: object, name: string): unknown {
  const key = findKey(object, name);
  return key === undefined ? undefined : (object as Readonly<Record<string, unknown>>)[key];
}

function parseObject(text: string, name: string): object {
  if (text.trim() === "") return {};
  try {
    const value: unknown = JSON.parse(text);
    if (value === null) return {};
    if (typeof value === "object" && !Array.isArray(value)) return value;
  } catch {
    // The parser's own message would quote the text, and with it a secret.
  }
  throw new OciError("invalid-json", `${name}: expected a JSON object, got something else`, {
    details: { path: name },
    hint: "docker login, podman login and oci-kit login write it; mend it, or move it away and log in again.",
  });
}

function readMap(value: unknown, key: string, name: string): ReadonlyMap<string, unknown> {
  if (value === undefined || value === null) return new Map();
  if (typeof value === "object" && !Array.isArray(value)) return new Map(Object.entries(value));
  throw new OciError("invalid-config", `${name}: expected "${key}" to be an object`, {
    details: { path: name },
  });
}

/** The helper that keeps the credentials of a key; undefined where the file keeps them itself. */
export function helperFor(
  file: CredentialFile,
  key: string,
): { readonly helper: string; readonly from: "credHelpers" | "credsStore" } | undefined {
  const [named] = applicableKeys(file.credHelpers.keys(), parseKey(key));
  if (named === undefined) {
    return file.credsStore === undefined
      ? undefined
      : { helper: file.credsStore, from: "credsStore" };
  }
  const helper = file.credHelpers.get(named);
  // For docker an empty name takes the registry out of the credsStore.
  return helper === "" || helper === null
    ? undefined
    : { helper: typeof helper === "string" ? helper : quote(helper), from: "credHelpers" };
}
