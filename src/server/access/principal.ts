// SPDX-License-Identifier: MIT
import { grantsOf, type AccessRules } from "./access-rules.ts";
import type { PasswordHashes } from "./htpasswd.ts";
import type { TokenClaims } from "./issued-token.ts";
import type { Grant } from "./permission.ts";
import type { TokenFile } from "./token-file.ts";

/** On whose behalf a request is made. */
export type Principal =
  | { readonly kind: "anonymous" }
  | { readonly kind: "user"; readonly name: string }
  | { readonly kind: "token"; readonly claims: TokenClaims };

/** What decides on a request: the files as they are now. */
export interface AccessState {
  readonly users: PasswordHashes;
  readonly rules: AccessRules;
  /** Undefined when no token was ever issued. */
  readonly tokens: TokenFile | undefined;
}

/** All that a principal may do by the present rules. A token has its own grants, and what everyone has. */
export function grantsNow(principal: Principal, { rules }: AccessState): readonly Grant[] {
  const granted = grantsOf(rules, principal.kind === "user" ? principal.name : undefined);
  return principal.kind === "token" ? [...principal.claims.grants, ...granted] : granted;
}

/** The name for logs; undefined for whoever did not sign in. */
export function nameOf(principal: Principal): string | undefined {
  if (principal.kind === "anonymous") return undefined;
  return principal.kind === "user" ? principal.name : `token:${principal.claims.id}`;
}
