// SPDX-License-Identifier: MIT
/**
 * The embedded registry (distribution-spec 1.1) over an OCI image layout.
 * @module
 */
export { serveRegistry } from "./serve.ts";
export type { Intercept, RegistryServer, ServeOptions } from "./serve.ts";
export type { ServerEvent } from "./listen/server-event.ts";
export type { TlsFiles } from "./listen/tls-files.ts";
export type { AccessOptions } from "./access/access-control.ts";
export type { AccessRule, AccessRules } from "./access/access-rules.ts";
export { changingFile } from "./listen/changing-file.ts";
export { issueToken, revokeTokens } from "./access/issued-token.ts";
export type {
  IssuedToken,
  IssueTokenOptions,
  RevokeTokensOptions,
  TokenClaims,
} from "./access/issued-token.ts";
export { ACTIONS, parseActions, parsePattern } from "./access/permission.ts";
export type { Action, Grant } from "./access/permission.ts";
