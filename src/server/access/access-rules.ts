// SPDX-License-Identifier: MIT
import { ACTIONS, type Action, type Grant } from "./permission.ts";

/** One rule: these users may do these actions on these repositories. Rules only ever add. */
export interface AccessRule {
  /** Names of users; `*` is everyone who signed in; `anonymous` is whoever did not. */
  readonly users: readonly string[];
  /** Names or patterns: see {@link Grant}. */
  readonly repositories: readonly string[];
  readonly actions: readonly Action[];
}

/** Who may do what. What no rule allows is refused. */
export interface AccessRules {
  readonly rules: readonly AccessRule[];
}

/** Users without a password. The name can't be a user's own. */
export const ANONYMOUS = "anonymous";

/** Without rules of its own: whoever signed in may do everything, and nobody else anything. */
export const SIGNED_IN_MAY_ALL: AccessRules = Object.freeze({
  rules: [{ users: ["*"], repositories: ["**"], actions: ACTIONS }],
});

/** What the rules grant a user; `undefined` is whoever did not sign in. */
export function grantsOf({ rules }: AccessRules, user: string | undefined): readonly Grant[] {
  const isFor = ({ users }: AccessRule): boolean =>
    user === undefined
      ? users.includes(ANONYMOUS)
      : users.includes("*") || users.includes(user) || users.includes(ANONYMOUS);
  return rules
    .filter(isFor)
    .flatMap(({ repositories, actions }) =>
      repositories.map((repository) => ({ repository, actions })),
    );
}
