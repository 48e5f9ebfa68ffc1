// SPDX-License-Identifier: MIT
import { OciError } from "../../oci/errors.ts";
import { quote } from "../../oci/quote.ts";
import { parseRegistry, parseRepository } from "../../oci/reference.ts";
import type { RegistryKey } from "../credentials/registry-key.ts";

/**
 * Parses what a login is for: a registry, or a namespace or repository in it, `host[:port][/path]`.
 * @throws OciError `invalid-reference`
 */
export function parseLoginPlace(text: string): RegistryKey {
  const scheme = /^[a-z][a-z0-9+.-]*:\/\//i.exec(text)?.[0];
  if (scheme !== undefined) {
    // A URL may have a password in it, so that it is not shown.
    const host = /^[^/?#]*/.exec(text.slice(scheme.length))?.[0].split("@").at(-1) ?? "";
    throw refused(`${scheme}…`, `Leave out ${scheme}, and write ${host === "" ? "HOST" : host}`);
  }
  const slash = text.indexOf("/");
  const host = slash < 0 ? text : text.slice(0, slash);
  const path = slash < 0 ? "" : text.slice(slash + 1).replace(/\/$/, "");
  if (host.includes("@")) throw refused("something with an @", "The user is named by -u");
  if (/[:@]/.test(path))
    throw refused(text, "A login is for all tags: leave out the tag or digest");
  return { host: parseRegistry(host), path: path === "" ? "" : parseRepository(path) };
}

function refused(got: string, hint: string): OciError {
  return new OciError(
    "invalid-reference",
    `registry: expected HOST or HOST/PATH, got ${quote(got)}`,
    { hint: `${hint}.` },
  );
}
