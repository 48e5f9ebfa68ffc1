// SPDX-License-Identifier: MIT
import type { Limits } from "../../oci/limits.ts";
import type { Credentials, TransportOptions } from "../registry-options.ts";
import type { Found, LookUp } from "../credentials/found.ts";

/** The credentials of one registry's repositories. */
export interface CredentialSource {
  /** The registry as the caller named it. */
  readonly registry: string;
  /** The credentials of a repository. They are looked up once. */
  find(repository: string): Promise<Found>;
  /**
   * Looks again for credentials that were refused: a helper may give others meanwhile, as its passwords expire.
   * @returns whether {@link find} gives others now
   */
  renew(repository: string, refused: Credentials): Promise<boolean>;
}

/**
 * Opens the source of a registry's credentials: those given, those that a given function finds, or by default those
 * of this machine's configuration.
 */
export function openCredentialSource(
  registry: string,
  given: TransportOptions["credentials"],
  limits: Limits,
): CredentialSource {
  let lookUp = createSourceLookUp(given, limits);
  const known = new Map<string, Promise<Found>>();
  const find = (repository: string): Promise<Found> => {
    const found = known.get(repository) ?? lookUp(registry, repository);
    known.set(repository, found);
    return found;
  };
  return {
    registry,
    find,
    renew: async (repository, refused) => {
      const current = known.get(repository);
      const before = await current;
      // Someone else may have looked again since.
      if (current === known.get(repository) && isSame(before?.credentials, refused)) {
        lookUp = createSourceLookUp(given, limits);
        known.delete(repository);
      }
      return !isSame((await find(repository)).credentials, refused);
    },
  };
}

function createSourceLookUp(given: TransportOptions["credentials"], limits: Limits): LookUp {
  if (given === undefined) return lookUpHere(limits);
  if (typeof given === "object") {
    return () => Promise.resolve({ credentials: given, looked: [] });
  }
  return async (registry, repository) => {
    const credentials = await given(registry, repository);
    return { credentials, looked: [] };
  };
}

/** Loads what reads files and runs helpers when a registry asks for credentials: most commands need it never. */
function lookUpHere(limits: Limits): LookUp {
  let loaded: Promise<LookUp> | undefined;
  return async (registry, repository) => {
    loaded ??= import("../credentials/look-up.ts").then(({ createLookUp }) =>
      createLookUp({ limits }),
    );
    return (await loaded)(registry, repository);
  };
}

/** One account is one set of credentials: what was got with one set is not used for another. */
export function accountOf(credentials: Credentials | undefined): string {
  if (credentials === undefined) return "anonymous";
  const { username, password, identityToken, registryToken } = credentials;
  return JSON.stringify([username, password, identityToken, registryToken]);
}

function isSame(a: Credentials | undefined, b: Credentials | undefined): boolean {
  return accountOf(a) === accountOf(b);
}
