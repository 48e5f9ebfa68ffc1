// SPDX-License-Identifier: MIT
import { existsSync } from "node:fs";
import { SIGNED_IN_MAY_ALL, type AccessRules } from "./access-rules.ts";
import { createBcryptThread } from "./bcrypt-thread.ts";
import { isTokenPath, passwordWanted, unauthorized, type Asked } from "./challenge-of.ts";
import { changingFile } from "../listen/changing-file.ts";
import { parseHtpasswd, type PasswordHashes } from "./htpasswd.ts";
import { identifySender } from "./identify-sender.ts";
import { judgeRequest } from "./judge-request.ts";
import { createPasswordChecks } from "./password-checks.ts";
import { allows } from "./permission.ts";
import { grantsNow, nameOf, type AccessState } from "./principal.ts";
import { demandsOf } from "./request-demands.ts";
import { createSessions } from "./session-token.ts";
import { tokenAnswer } from "./token-answer.ts";
import { parseTokenFile } from "./token-file.ts";

/** Who may use a registry, and for what. */
export interface AccessOptions {
  /** An htpasswd file with bcrypt hashes: the users. Read again when it changes. */
  readonly htpasswd?: string | undefined;
  /** Default: whoever signed in may do everything, and nobody else anything. A function is asked each time. */
  readonly rules?: AccessRules | (() => AccessRules) | undefined;
  /** The file with the key of issued tokens. Default: beside the served directory. */
  readonly tokens?: string | undefined;
}

/** What is decided before a request is looked at. */
export type Decision =
  | { readonly kind: "allowed"; readonly mayPull: (repository: string) => boolean }
  /** The request asked the token endpoint, which answers with this JSON document. */
  | { readonly kind: "token"; readonly body: string };

/** Decides on the requests of one registry. */
export interface AccessControl {
  /**
   * @param tell called with the name of whoever sent the request (`token:ID` for a token), once that is known
   * @throws ProtocolError 401 with a challenge, 403, 429; Error when a file can't be read any more
   */
  decide(asked: Asked, tell: (user: string | undefined) => void): Promise<Decision>;
  close(): Promise<void>;
}

/**
 * Opens the access control of a registry.
 * @throws OciError for files that can't be read or understood
 */
export function openAccess(options: AccessOptions & { readonly tokens: string }): AccessControl {
  const thread = createBcryptThread();
  const parts = {
    passwords: createPasswordChecks((password, hash) => thread.compare(password, hash)),
    sessions: createSessions(),
  };
  const readState = stateReader(options);
  readState();
  return {
    decide: async (asked, tell) => {
      const { request, target } = asked;
      const state = present(readState);
      const isToken = isTokenPath(target.path);
      const demands = demandsOf(request.method ?? "", target.path, target.query);
      const shown = await identifySender(request, state, parts);
      if (shown === undefined) {
        const message = "the credentials are not valid, or not any more";
        throw isToken
          ? passwordWanted(message)
          : unauthorized(asked, demands, message, "invalid_token");
      }
      const { principal } = shown;
      tell(nameOf(principal));
      if (isToken) {
        return { kind: "token", body: tokenAnswer(asked, principal, state, parts.sessions) };
      }
      judgeRequest(shown, demands, state, asked);
      const grants = grantsNow(principal, state);
      return { kind: "allowed", mayPull: (repository) => allows(grants, repository, "pull") };
    },
    close: () => thread.close(),
  };
}

/** A file that was broken while the registry runs is our failure, and no client may learn its name. */
function present(readState: () => AccessState): AccessState {
  try {
    return readState();
  } catch (cause) {
    throw new Error("who may use the registry can't be read", { cause });
  }
}

const NO_USERS: PasswordHashes = new Map();

function stateReader(options: AccessOptions & { readonly tokens: string }): () => AccessState {
  const { htpasswd, rules = SIGNED_IN_MAY_ALL, tokens } = options;
  const users =
    htpasswd === undefined
      ? () => NO_USERS
      : changingFile(htpasswd, (bytes) => parseHtpasswd(bytes, htpasswd));
  const tokenFile = changingFile(tokens, (bytes) => parseTokenFile(bytes, tokens));
  return () => ({
    users: users(),
    rules: typeof rules === "function" ? rules() : rules,
    // It is made with the first token.
    tokens: existsSync(tokens) ? tokenFile() : undefined,
  });
}
