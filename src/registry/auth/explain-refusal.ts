// SPDX-License-Identifier: MIT
import { quote } from "../../oci/quote.ts";
import type { Credentials } from "../registry-options.ts";
import { NO_FILE, type Found, type Looked } from "../credentials/found.ts";

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
  const whose = `The credentials of ${nameOf(credentials)}${from(source)} were sent`;
  if (status === 403) return `${whose}: they are known, but this is not allowed with them.`;
  return source === undefined
    ? `${whose} and refused. Are the user name and the password right?`
    : `${whose} and refused. Log in again: oci-kit login ${registry}`;
}

function from(source: string | undefined): string {
  return source === undefined ? "" : ` (${source})`;
}

function explainUnsent(registry: string, { found, unknown = [] }: Refusal): string {
  const { credentials, source, looked } = found;
  if (unknown.length > 0) {
    const named = unknown.map((scheme) => quote(scheme)).join(", ");
    return `${registry} wants to be shown ${named}; basic and bearer are what is known here.`;
  }
  if (credentials !== undefined) {
    const whose = `The credentials of ${nameOf(credentials)}${from(source)}`;
    return `${whose} are of a kind that ${registry} does not ask for; they were not sent.`;
  }
  const nothing = `No credentials for ${registry} were found, none were sent.`;
  return `${nothing}${describeLooked(looked)} Log in: oci-kit login ${registry}`;
}

function describeLooked(looked: readonly Looked[]): string {
  const absent = looked.filter(({ found }) => found === NO_FILE).map(({ place }) => place);
  const read = looked
    .filter(({ found }) => found !== NO_FILE)
    .map(({ place, found }) => `${place} (${found})`);
  const there = read.length === 0 ? [] : [`looked in ${read.join(", ")}`];
  const away = absent.length === 0 ? [] : [`there is no ${absent.join(", no ")}`];
  const text = [...there, ...away].join("; ");
  return text === "" ? "" : ` ${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
}

/** Whose credentials they are; never their secret. */
function nameOf({ username }: Credentials): string {
  return username === "" ? "an identity token" : quote(username);
}
