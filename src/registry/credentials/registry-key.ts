// SPDX-License-Identifier: MIT
import { isDockerHub } from "../hosts.ts";

/** What a key of `auths` or `credHelpers` stands for: a registry, or a namespace or repository in it. */
export interface RegistryKey {
  /** Host and optional port, lower-case. */
  readonly host: string;
  /** Empty for the whole registry. */
  readonly path: string;
}

/**
 * Parses a key as docker, the containers tools and people write it: with a scheme or without, with the path of the
 * API (`/v1/`, `/v2/`) or of a namespace.
 * @example parseKey("https://registry.example/v2/") // { host: "registry.example", path: "" }
 */
export function parseKey(key: string): RegistryKey {
  const bare = key.replace(/^https?:\/\//i, "");
  const slash = bare.indexOf("/");
  if (slash < 0) return { host: bare.toLowerCase(), path: "" };
  const path = bare.slice(slash + 1).replace(/\/+$/, "");
  return { host: bare.slice(0, slash).toLowerCase(), path: /^v[12]$/.test(path) ? "" : path };
}

/** The key under which docker and the containers tools look for the credentials of a registry or of a path in it. */
export function formatKey({ host, path }: RegistryKey): string {
  if (path !== "") return `${host}/${path}`;
  return isDockerHub(host) ? "https://index.docker.io/v1/" : host;
}

/** Whether two keys stand for the same registry, whatever path they have. Docker Hub has three names. */
export function isSameHost(a: RegistryKey, b: RegistryKey): boolean {
  return a.host === b.host || (isDockerHub(a.host) && isDockerHub(b.host));
}

/** Whether two keys stand for the same. */
export function isSameKey(a: RegistryKey, b: RegistryKey): boolean {
  return isSameHost(a, b) && a.path === b.path;
}

/**
 * The keys that apply to a place, the most precise first: its own, those of the namespaces above it, that of the
 * registry. Of several spellings of one key the plain one comes first, as for docker.
 */
export function applicableKeys(keys: Iterable<string>, place: RegistryKey): readonly string[] {
  const parsed = [...keys].map((key) => ({ key, ...parseKey(key) }));
  const applicable = parsed.filter(
    (key) =>
      isSameHost(key, place) &&
      (key.path === "" || key.path === place.path || place.path.startsWith(`${key.path}/`)),
  );
  const isPlain = (key: RegistryKey & { key: string }): number =>
    Number(key.key === formatKey(key));
  return applicable
    .sort((a, b) => b.path.length - a.path.length || isPlain(b) - isPlain(a))
    .map(({ key }) => key);
}
