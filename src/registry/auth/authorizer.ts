// SPDX-License-Identifier: MIT
import { readAll } from "../../bytes/streams/read-all.ts";
import type { Limits } from "../../oci/limits.ts";
import { quote } from "../../oci/quote.ts";
import { formatBasic } from "./credentials.ts";
import { refused } from "../exchange.ts";
import type { Answer, Exchange } from "../exchange.ts";
import { checkTarget, redactUrl } from "../hosts.ts";
import type { Credentials } from "../registry-options.ts";
import { RegistryError } from "../registry-error.ts";
import { parseChallenges } from "../wire/challenge.ts";
import type { Challenge } from "../wire/challenge.ts";
import { tryParseJson } from "../wire/loose-json.ts";
import { parseTokenAnswer } from "../wire/token.ts";
import { parseUrl } from "../wire/url.ts";

/** The access that a request needs. */
export interface Access {
  /** The repository whose credentials are used: credentials can be given per path. */
  readonly repository: string;
  /** Token scopes, such as `repository:a/b:pull`. Never wider than what the request does. */
  readonly scopes: readonly string[];
}

/** Answers the authentication challenges of one registry, and remembers what worked. */
export interface Authorizer {
  /** The header to send unasked, learnt from the last challenge. Undefined when none is known. */
  authorize(access: Access): Promise<string | undefined>;
  /**
   * The header to send after a 401; undefined when there is nothing left to try.
   * @param sent the header that was refused
   */
  answer(
    challenge: string | undefined,
    access: Access,
    sent: string | undefined,
  ): Promise<string | undefined>;
}

/** What {@link createAuthorizer} needs from its caller. */
export interface AuthorizerOptions {
  readonly origin: URL;
  readonly limits: Limits;
  readonly findCredentials: (repository: string) => Promise<Credentials | undefined>;
  readonly exchange: (request: Exchange) => Promise<Answer>;
}

interface Token {
  readonly header: string;
  /** Milliseconds since 1970. */
  readonly until: number;
}

/** A token is renewed this many milliseconds before it expires. */
const SPARE = 10_000;

/** Creates the authorizer of one registry. */
export function createAuthorizer(options: AuthorizerOptions): Authorizer {
  const tokens = new Map<string, Promise<Token>>();
  let known: Challenge | undefined;

  const basic = async ({ repository }: Access): Promise<string | undefined> => {
    const credentials = await options.findCredentials(repository);
    return credentials && formatBasic(credentials);
  };

  const bearer = async (
    challenge: Challenge,
    access: Access,
    sent: string | undefined,
  ): Promise<string> => {
    const key = JSON.stringify([access.repository, access.scopes]);
    const cached = await tokens.get(key);
    if (cached !== undefined && cached.header !== sent && Date.now() < cached.until) {
      return cached.header;
    }
    const asked = askToken(options, challenge, access);
    // Many requests share one token request, so none of their signals may abort it. A failed one is
    // forgotten.
    tokens.set(key, asked);
    asked.catch(() => tokens.delete(key));
    return (await asked).header;
  };

  const respond = (
    challenge: Challenge,
    access: Access,
    sent: string | undefined,
  ): Promise<string | undefined> =>
    challenge.scheme === "bearer" ? bearer(challenge, access, sent) : basic(access);

  return {
    authorize: async (access) => known && respond(known, access, undefined),
    answer: async (header, access, sent) => {
      const challenges = parseChallenges(header ?? "");
      const chosen =
        challenges.find(({ scheme }) => scheme === "bearer") ??
        challenges.find(({ scheme }) => scheme === "basic");
      if (chosen === undefined) return undefined;
      known = chosen;
      const next = await respond(chosen, access, sent);
      return next === sent ? undefined : next;
    },
  };
}

async function askToken(
  options: AuthorizerOptions,
  challenge: Challenge,
  access: Access,
): Promise<Token> {
  const url = tokenUrl(options.origin, challenge, access);
  const credentials = await options.findCredentials(access.repository);
  const answer = await options.exchange({
    method: "GET",
    url,
    headers: {
      accept: "application/json",
      ...(credentials && { authorization: formatBasic(credentials) }),
    },
  });
  // Redirects are not followed: they could carry the credentials anywhere.
  if (answer.status !== 200) throw await refused(answer, options.limits.answerBytes);
  const bytes = await readAll(
    answer.body,
    options.limits.answerBytes,
    "token answer",
    "answerBytes",
  );
  const token = parseTokenAnswer(tryParseJson(bytes));
  if (token === undefined) {
    throw new RegistryError(
      "unauthorized",
      `GET ${redactUrl(url)}: expected a JSON object with "token" or "access_token", got something else`,
      { method: "GET", url: redactUrl(url), status: answer.status },
    );
  }
  return {
    header: `Bearer ${token.token}`,
    until: Date.now() + token.expiresIn * 1_000 - SPARE,
  };
}

function tokenUrl(origin: URL, challenge: Challenge, access: Access): URL {
  const realm = challenge.parameters.get("realm");
  const url = parseUrl(realm);
  if (url === undefined) {
    throw new RegistryError(
      "unauthorized",
      `${origin.host}: expected a challenge with a token endpoint (realm), got ${quote(realm)}`,
      { method: "GET", url: redactUrl(origin), status: 401 },
    );
  }
  checkTarget(url, origin, `token endpoint of ${origin.host}`);
  const service = challenge.parameters.get("service");
  if (service !== undefined) url.searchParams.set("service", service);
  for (const scope of access.scopes) url.searchParams.append("scope", scope);
  return url;
}
