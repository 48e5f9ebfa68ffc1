// SPDX-License-Identifier: MIT
import { sourceOf } from "../../bytes/bytes.ts";
import { OciError } from "../../oci/errors.ts";
import type { Limits } from "../../oci/limits.ts";
import { quote } from "../../oci/quote.ts";
import { refused } from "../exchange.ts";
import type { Answer, Exchange } from "../exchange.ts";
import { checkTarget, isLoopback, redactUrl } from "../hosts.ts";
import { readInTime } from "../read-in-time.ts";
import { RegistryError } from "../registry-error.ts";
import type { Challenge } from "../wire/challenge.ts";
import { tryParseJson } from "../wire/loose-json.ts";
import { parseTokenAnswer, type TokenAnswer } from "../wire/token.ts";
import { isWebPage, webPageInstead } from "../web-page.ts";
import { parseUrl } from "../wire/url.ts";
import { formatBasic } from "./basic.ts";
import { accountOf } from "./credential-source.ts";
import { explainRefusal } from "./explain-refusal.ts";
import type { Found } from "../credentials/found.ts";

/** What asking for tokens needs. */
export interface TokenOptions {
  readonly origin: URL;
  /** The registry as the caller named it. */
  readonly registry: string;
  readonly limits: Limits;
  readonly exchange: (request: Exchange) => Promise<Answer>;
}

/** A token that is asked for. */
export interface TokenRequest {
  readonly challenge: Challenge;
  readonly scopes: readonly string[];
  readonly found: Found;
}

/** Asks the token endpoints of one registry. */
export type AskToken = (request: TokenRequest) => Promise<TokenAnswer>;

/** Of a POST: the endpoint knows only GET (404, 405, 501), or does not take this kind of token so (400, 401). */
const WAY_BACK: ReadonlySet<number> = new Set([400, 401, 404, 405, 501]);
const NO_POST: ReadonlySet<number> = new Set([404, 405, 501]);

/**
 * Creates what asks the token endpoints of one registry (distribution's token and oauth2 specifications). A refresh
 * token is sent by POST, and by GET as a password where the endpoint has no POST; a user name and a password by GET.
 * A refresh token that an answer brings is used for what is asked next.
 *
 * Redirects are not followed: they could carry the credentials anywhere.
 *
 * The function throws RegistryError `unauthorized`, or as any request; OciError `redirect-refused` for an endpoint to
 * which this registry's credentials may not go.
 */
export function createAskToken(options: TokenOptions): AskToken {
  /** The refresh tokens that answers brought, each for one account at one endpoint. */
  const brought = new Map<string, string>();
  return async (request) => {
    const { credentials } = request.found;
    const realm = tokenEndpoint(options, request.challenge, credentials !== undefined);
    const service = request.challenge.parameters.get("service");
    const key = JSON.stringify([realm.href, service, accountOf(credentials)]);
    const ask = async (refreshToken: string | undefined): Promise<TokenAnswer> => {
      const answer = await askOnce(options, request, realm, refreshToken);
      if (answer.refreshToken !== undefined) brought.set(key, answer.refreshToken);
      return answer;
    };
    const latest = brought.get(key);
    if (latest === undefined) return ask(credentials?.identityToken);
    return ask(latest).catch((error: unknown) => {
      if (!(error instanceof RegistryError) || error.code !== "unauthorized") throw error;
      brought.delete(key);
      return ask(credentials?.identityToken);
    });
  };
}

async function askOnce(
  options: TokenOptions,
  request: TokenRequest,
  realm: URL,
  refreshToken: string | undefined,
): Promise<TokenAnswer> {
  if (refreshToken === undefined)
    return accept(options, request, await get(options, request, realm));
  const posted = await post(options, request, realm, refreshToken);
  if (!WAY_BACK.has(posted.status)) return accept(options, request, posted, [refreshToken]);
  const refusal = await refusedToken(options, request, posted, [refreshToken]);
  const answer = await get(options, request, realm, refreshToken);
  if (answer.status === 200 || NO_POST.has(posted.status)) {
    return accept(options, request, answer, [refreshToken]);
  }
  // What the endpoint said of the refresh token tells more than what it says of a way that it may not have.
  await answer.discard();
  throw refusal;
}

function get(
  { exchange }: TokenOptions,
  { challenge, scopes, found: { credentials } }: TokenRequest,
  realm: URL,
  refreshToken?: string,
): Promise<Answer> {
  const url = new URL(realm);
  const service = challenge.parameters.get("service");
  if (service !== undefined) url.searchParams.set("service", service);
  for (const scope of scopes) url.searchParams.append("scope", scope);
  const { username = "", password = "" } = credentials ?? {};
  const secret = password === "" ? (refreshToken ?? "") : password;
  const authorization =
    credentials === undefined ? {} : { authorization: formatBasic({ username, password: secret }) };
  return exchange({
    method: "GET",
    url,
    headers: { accept: "application/json", ...authorization },
  });
}

function post(
  { exchange }: TokenOptions,
  { challenge, scopes }: TokenRequest,
  url: URL,
  refreshToken: string,
): Promise<Answer> {
  const service = challenge.parameters.get("service");
  const form = new URLSearchParams({
    grant_type: "refresh_token",
    client_id: "oci-kit",
    refresh_token: refreshToken,
    ...(service !== undefined && { service }),
    ...(scopes.length > 0 && { scope: scopes.join(" ") }),
  });
  return exchange({
    method: "POST",
    url,
    headers: { accept: "application/json", "content-type": "application/x-www-form-urlencoded" },
    body: sourceOf(new TextEncoder().encode(form.toString())),
  });
}

async function accept(
  options: TokenOptions,
  request: TokenRequest,
  answer: Answer,
  secrets: readonly string[] = [],
): Promise<TokenAnswer> {
  if (answer.status !== 200) throw await refusedToken(options, request, answer, secrets);
  const most = { most: options.limits.answerBytes, limit: "answerBytes" } as const;
  const bytes = await readInTime(answer, most, options.limits);
  const token = parseTokenAnswer(tryParseJson(bytes));
  if (token !== undefined) return token;
  const expected = `a JSON object with "token" or "access_token"`;
  if (isWebPage(bytes)) throw webPageInstead(answer, expected, "unauthorized");
  const { method, status } = answer;
  const url = redactUrl(answer.url);
  const message = `${method} ${url}: expected ${expected}, got something else`;
  const hint = `Is that where ${options.registry} gives its tokens? It named the address.`;
  throw new RegistryError("unauthorized", message, { method, url, status, hint });
}

function refusedToken(
  { registry, limits }: TokenOptions,
  { found }: TokenRequest,
  answer: Answer,
  secrets: readonly string[],
): Promise<RegistryError> {
  const why = explainRefusal(answer.status, { registry, found, isShown: true });
  return refused(answer, limits, { ...why, secrets });
}

/**
 * The token endpoint that a challenge names.
 * @throws RegistryError `unauthorized` when it names none; OciError `redirect-refused` when this registry may not send
 * us there, or not with credentials: in plain http they go to the registry's own host only
 */
function tokenEndpoint(
  { origin }: TokenOptions,
  { parameters }: Challenge,
  withCredentials: boolean,
): URL {
  const realm = parameters.get("realm");
  const url = parseUrl(realm);
  if (url === undefined) {
    throw new RegistryError(
      "unauthorized",
      `${origin.host}: expected a challenge with a token endpoint (realm), got ${quote(realm)}`,
      { method: "GET", url: redactUrl(origin), status: 401 },
    );
  }
  const what = `token endpoint of ${origin.host}`;
  checkTarget(url, origin, what);
  const isHere =
    url.hostname === origin.hostname || (isLoopback(url.hostname) && isLoopback(origin.hostname));
  if (url.protocol === "https:" || !withCredentials || isHere) return url;
  throw new OciError(
    "redirect-refused",
    `${what}: expected https, because credentials go there, got ${redactUrl(url)}`,
    { details: { target: redactUrl(url), registry: origin.host } },
  );
}
