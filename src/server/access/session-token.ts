// SPDX-License-Identifier: MIT
import { randomBytes } from "node:crypto";
import { allows, isAction, ACTIONS, type Grant } from "./permission.ts";
import type { Principal } from "./principal.ts";
import { readSigned, signValue } from "./signed-text.ts";

/** A short token that the token endpoint gives for one or more scopes. It ends with the process, too. */
export interface Session {
  readonly principal: Principal;
  /** What it was asked for, each for one repository by its name; no more than the principal had then. */
  readonly grants: readonly Grant[];
  /** Whether it lists the repositories. */
  readonly catalog: boolean;
  /** Seconds since 1970. */
  readonly until: number;
}

/** How many seconds a session lasts. Clients ask again when it has ended. */
export const SESSION_LIFE = 300;
const PREFIX = "oks_";
const SCOPE = /^repository(?:\([a-z]+\))?:(.+):([a-z,*]+)$/;
const MOST_SCOPES = 50;

/** The sessions of one running registry. */
export interface Sessions {
  issue(principal: Principal, grants: readonly Grant[], scopes: readonly string[]): string;
  /** Undefined for what is no session of this process, or has ended. */
  read(text: string): Session | undefined;
}

export function createSessions(): Sessions {
  const key = randomBytes(32);
  return {
    issue: (principal, grants, scopes) => {
      const asked = scopes.slice(0, MOST_SCOPES);
      const session: Session = {
        principal,
        grants: asked.flatMap((scope) => allowedPart(scope, grants)),
        catalog: asked.includes("registry:catalog:*"),
        until: Math.floor(Date.now() / 1000) + SESSION_LIFE,
      };
      return signValue(PREFIX, session, key);
    },
    read: (text) => {
      const session = readSigned(PREFIX, text, key) as Session | undefined;
      return session !== undefined && Date.now() / 1000 < session.until ? session : undefined;
    },
  };
}

/** The part of a scope that is granted. What is not understood grants nothing. */
function allowedPart(scope: string, grants: readonly Grant[]): readonly Grant[] {
  const [, repository, list = ""] = SCOPE.exec(scope) ?? [];
  if (repository === undefined) return [];
  const asked = list.split(",");
  const actions = asked.includes("*") ? ACTIONS : asked.filter(isAction);
  const granted = actions.filter((action) => allows(grants, repository, action));
  return granted.length === 0 ? [] : [{ repository, actions: granted }];
}
