// SPDX-License-Identifier: MIT
import { quote } from "../../oci/quote.ts";
import type { Credentials } from "../registry-options.ts";
import type { Found } from "./look-up.ts";

/** What was done to be let in, for the error that says that it was not enough. */
export interface Explanation {
  /** A sentence that says which credentials were sent, or where they were looked for; then what to try. */
  readonly hint?: string | undefined;
  /** The same for programs. No secret is in it. */
  readonly details?: Readonly<Record<string, unknown>> | undefined;
}

/** What was refused. */
export interface Refusal {
  /** The registry as the caller named it. */
  readonly registry: string;
  readonly found: Found;
  /** Whether the credentials, or a token that was got with them, were shown to whoever refuses. */
  readonly isShown: boolean;
  /** The ways to authenticate that the registry named, when none of them is known here. */
  readonly unknown?: readonly string[] | undefined;
}

/** Explains an answer of status 401 or 403; for any other status there is nothing to explain. */
export function explainRefusal(status: number, refusal: Refusal): Explanation {
  if (status !== 401 && status !== 403) return {};
  const { registry, found } = refusal;
  const { credentials, source, looked } = found;
  const isSent = refusal.isShown && credentials !== undefined;
  const details = {
    credentials: isSent ? "sent" : "not sent",
    ...(credentials !== undefined && { username: credentials.username, source }),
    looked,
  };
  const hint = isSent
    ? explainSent(status, registry, credentials, found)
    : explainUnsent(registry, refusal);
  return { hint, details };
}

function explainSent(
  status: number,
  registry: string,
  credentials: Credentials,
  { source }: Found,
): string {
  const whose = `The credentials of ${nameOf(credentials)} (${String(source)}) were sent`;
  return status === 403
    ? `${whose}: they are known, but this is not allowed with them.`
    : `${whose} and refused. Log in again: oci-kit login ${registry}`;
}

function explainUnsent(registry: string, { found, unknown = [] }: Refusal): string {
  const { credentials, source, looked } = found;
  if (unknown.length > 0) {
    const named = unknown.map((scheme) => quote(scheme)).join(", ");
    return `${registry} wants to be shown ${named}; basic and bearer are what is known here.`;
  }
  if (credentials !== undefined) {
    const whose = `The credentials of ${nameOf(credentials)} (${String(source)})`;
    return `${whose} are of a kind that ${registry} does not ask for; they were not sent.`;
  }
  const places = looked.map(({ place, found: there }) => `${place} (${there})`).join(", ");
  const where = places === "" ? "" : ` Looked in ${places}.`;
  return `No credentials for ${registry} were found, none were sent.${where} Log in: oci-kit login ${registry}`;
}

/** Whose credentials they are; never their secret. */
function nameOf({ username }: Credentials): string {
  return username === "" ? "an identity token" : quote(username);
}
