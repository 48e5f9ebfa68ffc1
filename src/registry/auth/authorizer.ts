// SPDX-License-Identifier: MIT
import { RegistryError } from "../registry-error.ts";
import type { Credentials } from "../registry-options.ts";
import { parseChallenges } from "../wire/challenge.ts";
import type { Challenge } from "../wire/challenge.ts";
import { createAskToken, type TokenOptions } from "./ask-token.ts";
import { formatBasic } from "./basic.ts";
import { accountOf, type CredentialSource } from "./credential-source.ts";
import { explainRefusal, type Explanation } from "./explain-refusal.ts";
import type { Found } from "../credentials/found.ts";

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
  /** Which credentials a refused request had, or where they were looked for. Never throws. */
  explain(status: number, access: Access, refused: RefusedRequest): Promise<Explanation>;
}

/** A request that the registry answered with 401 or 403. */
export interface RefusedRequest {
  /** The header that was sent. */
  readonly sent: string | undefined;
  /** The challenge of the answer. */
  readonly challenge: string | undefined;
}

/** What {@link createAuthorizer} needs from its caller. */
export interface AuthorizerOptions extends Omit<TokenOptions, "registry"> {
  readonly source: CredentialSource;
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
  const { source } = options;
  const bearer = openTokens(options);
  let known: Challenge | undefined;

  const respond = async (
    challenge: Challenge,
    access: Access,
    sent: string | undefined,
  ): Promise<string | undefined> => {
    const found = await source.find(access.repository);
    const { credentials } = found;
    if (credentials?.registryToken !== undefined) return `Bearer ${credentials.registryToken}`;
    return challenge.scheme === "bearer"
      ? bearer(challenge, access, found, sent)
      : basic(credentials);
  };

  return {
    authorize: async (access) => known && respond(known, access, undefined),
    answer: async (header, access, sent) => {
      const chosen = chooseChallenge(header);
      if (chosen === undefined) return undefined;
      known = chosen;
      const next = await respond(chosen, access, sent);
      if (next !== sent || next === undefined) return next;
      const { credentials } = await source.find(access.repository);
      if (credentials === undefined || !(await source.renew(access.repository, credentials))) {
        return undefined;
      }
      return respond(chosen, access, sent);
    },
    explain: async (status, access, { sent, challenge }) => {
      const schemes = parseChallenges(challenge ?? "").map(({ scheme }) => scheme);
      const { registry } = source;
      if (sent === undefined && schemes.length === 0) {
        return { hint: `No credentials were sent: ${registry} asked for none.` };
      }
      const found = await source.find(access.repository).catch(() => undefined);
      if (found === undefined) return {};
      const unknown = chooseChallenge(challenge) === undefined && sent === undefined ? schemes : [];
      return explainRefusal(status, { registry, found, isShown: sent !== undefined, unknown });
    },
  };
}

function chooseChallenge(header: string | undefined): Challenge | undefined {
  const challenges = parseChallenges(header ?? "");
  return (
    challenges.find(({ scheme }) => scheme === "bearer") ??
    challenges.find(({ scheme }) => scheme === "basic")
  );
}

/** An identity token is no password: only a token endpoint takes it. */
function basic(credentials: Credentials | undefined): string | undefined {
  return credentials === undefined || credentials.username === ""
    ? undefined
    : formatBasic(credentials);
}

/** Gives the header of a bearer token that is not the one that was refused. */
type BearerHeader = (
  challenge: Challenge,
  access: Access,
  found: Found,
  refused: string | undefined,
) => Promise<string>;

/** The tokens of one registry. Each is for one account and for certain scopes. */
function openTokens(options: AuthorizerOptions): BearerHeader {
  const { source } = options;
  const askToken = createAskToken({ ...options, registry: source.registry });
  const tokens = new Map<string, Promise<Token>>();

  const ask = async (challenge: Challenge, access: Access, found: Found): Promise<Token> => {
    const { scopes, repository } = access;
    const answer = await askToken({ challenge, scopes, found }).catch(async (error: unknown) => {
      const isRefused = error instanceof RegistryError && error.status === 401;
      const renewed =
        isRefused && found.credentials && (await source.renew(repository, found.credentials));
      if (renewed !== true) throw error;
      return askToken({ challenge, scopes, found: await source.find(repository) });
    });
    return {
      header: `Bearer ${answer.token}`,
      until: Date.now() + answer.expiresIn * 1_000 - SPARE,
    };
  };

  const header: BearerHeader = async (challenge, access, found, refused) => {
    const key = JSON.stringify([accountOf(found.credentials), access.scopes]);
    const kept = tokens.get(key);
    if (kept !== undefined) {
      const token = await kept;
      if (token.header !== refused && Date.now() < token.until) return token.header;
      // Of many requests that were refused at once, one asks for a new token, and the others use it.
      if (tokens.get(key) !== kept) return header(challenge, access, found, refused);
    }
    // Many requests share one token request, so none of their signals may abort it. A failed one is forgotten.
    const asked = ask(challenge, access, found);
    tokens.set(key, asked);
    asked.catch(() => {
      if (tokens.get(key) === asked) tokens.delete(key);
    });
    return (await asked).header;
  };
  return header;
}
