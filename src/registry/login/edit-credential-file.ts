// SPDX-License-Identifier: MIT
import { readFileSync, readlinkSync, realpathSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { withLock } from "../../files/lock.ts";
import { makeDirectories } from "../../files/make-directories.ts";
import { replaceDurably } from "../../files/replace-durably.ts";
import { fileError, systemCode, writing } from "../../files/system-error.ts";
import { findKey } from "../../oci/documents/fold-key.ts";
import { isOciError, OciError } from "../../oci/errors.ts";
import { parseJson } from "../../oci/json.ts";
import type { CredentialPlace } from "../credentials/credential-places.ts";

type JsonObject = Readonly<Record<string, unknown>>;

const LOCK = ".oci-kit-credentials.lock";
const STEM = ".oci-kit-credentials";
const NO_LINK = new Set(["EINVAL", "ENOENT", "ENOTDIR"]);

/**
 * Edits the entries (`auths`) of a configuration file. Everything else in the file stays as it is. The file is replaced
 * whole or not at all, durably, and is readable by its owner only; a symbolic link to it stays one. Two processes that
 * edit at once do so one after the other. A file that is not there is made when it is needed.
 * @param edit returns false when nothing is to be written
 * @throws OciError `unreadable`, `unwritable`, `locked`; `invalid-json`, `invalid-config` for a file that could not be
 * written again without a loss. No message shows what is in the file.
 */
export async function editCredentialFile(
  { name, isLegacy = false }: CredentialPlace,
  edit: (entries: Map<string, unknown>) => boolean,
): Promise<void> {
  const path = followLinks(name);
  const directory = dirname(path);
  writing(directory, () => makeDirectories(directory, 0o700));
  await withLock(join(directory, LOCK), () => {
    const document = readDocument(path);
    const entries = new Map(Object.entries(isLegacy ? document : entriesOf(document, name)));
    if (!edit(entries)) return;
    const edited = Object.fromEntries(entries);
    const whole = isLegacy ? edited : { ...document, [authsKey(document)]: edited };
    const text = `${JSON.stringify(whole, undefined, "\t")}\n`;
    replaceDurably(directory, basename(path), new TextEncoder().encode(text), {
      stem: STEM,
      mode: 0o600,
    });
  });
}

/** Where a path leads, as far as there is something; the last link may lead to nothing. */
function followLinks(path: string): string {
  try {
    return realpathSync(path);
  } catch (error) {
    if (systemCode(error) !== "ENOENT") throw fileError("unreadable", path, error);
  }
  try {
    return resolve(dirname(path), readlinkSync(path));
  } catch (error) {
    if (!NO_LINK.has(systemCode(error) ?? "")) throw fileError("unreadable", path, error);
    return resolve(path);
  }
}

function readDocument(path: string): JsonObject {
  const bytes = readIfThere(path);
  const text = new TextDecoder().decode(bytes);
  if (text.trim() === "") return {};
  // Strict: what JSON.parse would drop or change in silence is refused.
  const value = parse(bytes, path);
  if (value === null) return {};
  if (typeof value === "object" && !Array.isArray(value)) return value as JsonObject;
  throw new OciError("invalid-json", `${path}: expected a JSON object, got something else`);
}

function readIfThere(path: string): Uint8Array {
  try {
    return readFileSync(path);
  } catch (error) {
    if (systemCode(error) === "ENOENT") return new Uint8Array();
    throw fileError("unreadable", path, error);
  }
}

function parse(bytes: Uint8Array, path: string): unknown {
  const hasMark = bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf;
  try {
    return parseJson(hasMark ? bytes.subarray(3) : bytes, { what: path });
  } catch (error) {
    if (isOciError(error, "limit-exceeded")) throw error;
    // The parser's own message may quote the text, and with it a secret.
    throw new OciError(
      "invalid-json",
      `${path}: expected JSON that can be written again unchanged: no key twice, no number beyond 2^53`,
      { details: { path }, hint: "Mend the file, or move it away and log in again." },
    );
  }
}

function authsKey(document: JsonObject): string {
  return findKey(document, "auths") ?? "auths";
}

function entriesOf(document: JsonObject, name: string): object {
  const entries = document[authsKey(document)] ?? {};
  if (typeof entries === "object" && !Array.isArray(entries)) return entries;
  throw new OciError("invalid-config", `${name}: expected "auths" to be an object`, {
    details: { path: name },
  });
}
