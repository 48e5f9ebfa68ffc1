// SPDX-License-Identifier: MIT
/**
 * A registry's repository as a content store over HTTP (distribution-spec 1.1): authentication, credentials,
 * uploads, mounts, referrers, retries.
 * @module
 */
export { openRepository } from "./repository.ts";
export type { MirrorFailed, RegistryOptions } from "./repository.ts";
export { openByRules } from "./mirrors/open-by-rules.ts";
export { readMachineSettings, type MachineSettings } from "./machine/machine-settings.ts";
export type {
  PullFromMirror,
  RegistryMirror,
  RegistryRule,
  RegistryRules,
} from "./machine/registry-rules.ts";
export { listRepositories } from "./lists/list-repositories.ts";
export { openTransport } from "./transport/transport.ts";
export type { RegistryRequest, Transport } from "./transport/transport.ts";
export type { Answer } from "./exchange.ts";
export { examineRegistry } from "./doctor/examine-registry.ts";
export type { ExamineOptions, RegistryReport } from "./doctor/examine-registry.ts";
export type { Probe, ProbeName, ProbeOutcome } from "./doctor/probe.ts";
export { DISTRIBUTION_2_8, KNOWN_HABITS } from "./habits/known-habits.ts";
export { DEFAULT_HABITS, habitsOf } from "./habits/registry-habits.ts";
export type { ChunkHabits, HostHabits, RegistryHabits } from "./habits/registry-habits.ts";
export { findCredentials } from "./credentials/look-up.ts";
export { login } from "./login/login.ts";
export type { CredentialStorage, LoggedIn, LoginOptions } from "./login/login.ts";
export { listLogins } from "./login/list-logins.ts";
export { parseLoginPlace } from "./login/login-place.ts";
export { logout } from "./login/logout.ts";
export type { LoggedOut, LogoutOptions } from "./login/logout.ts";
export { DEFAULT_RETRY_POLICY } from "./registry-options.ts";
export type {
  ClientCertificate,
  Credentials,
  FindCredentials,
  FindProxy,
  FindTls,
  Resolve,
  RetryPolicy,
  Scheme,
  TlsOptions,
  TransportOptions,
} from "./registry-options.ts";
export { RegistryError } from "./registry-error.ts";
export type { RegistryErrorOptions } from "./registry-error.ts";
export type { WireError } from "./wire/error-body.ts";
