// SPDX-License-Identifier: MIT
import { promises } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { OciError } from "../../oci/errors.ts";
import { isDockerHub } from "../hosts.ts";
import type { Credentials } from "../registry-options.ts";

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * The files that may hold credentials. They are tried in this order; the first that has an entry for the
 * repository is used.
 */
export function credentialFiles(environment: Environment = process.env): readonly string[] {
  const { REGISTRY_AUTH_FILE, DOCKER_CONFIG, XDG_RUNTIME_DIR, XDG_CONFIG_HOME } = environment;
  const home = environment["HOME"] ?? homedir();
  if (REGISTRY_AUTH_FILE) return [REGISTRY_AUTH_FILE];
  return [
    join(DOCKER_CONFIG || join(home, ".docker"), "config.json"),
    ...(XDG_RUNTIME_DIR ? [join(XDG_RUNTIME_DIR, "containers", "auth.json")] : []),
    join(XDG_CONFIG_HOME || join(home, ".config"), "containers", "auth.json"),
  ];
}

/**
 * The credentials for a repository, from the `auths` in the configuration files of docker and of the
 * containers tools. Undefined when no file has an entry for it; a missing file is not an error.
 * @throws OciError `unreadable`, `invalid-json`, `invalid-config` for a file that exists but can't be read or
 * understood
 */
export async function findCredentials(
  registry: string,
  repository: string,
  environment: Environment = process.env,
): Promise<Credentials | undefined> {
  for (const file of credentialFiles(environment)) {
    const auths = await readAuths(file);
    const credentials = auths && parseEntry(chooseEntry(auths, registry, repository), file);
    if (credentials !== undefined) return credentials;
  }
  return undefined;
}

type Auths = Readonly<Record<string, unknown>>;

async function readAuths(file: string): Promise<Auths | undefined> {
  let text: string;
  try {
    text = await promises.readFile(file, "utf8");
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code;
    if (code === "ENOENT" || code === "ENOTDIR") return undefined;
    throw new OciError("unreadable", `${file}: expected a readable file, got ${String(code)}`, {
      cause,
    });
  }
  const { auths } = parseObject(text, file);
  return typeof auths === "object" && auths !== null ? (auths as Auths) : undefined;
}

function parseObject(text: string, file: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === "object" && value !== null) return value as Record<string, unknown>;
  } catch {
    // The parser's own message would quote the text, and with it a secret.
  }
  throw new OciError("invalid-json", `${file}: expected a JSON object with "auths"`, {
    hint: "docker login and podman login write this file.",
  });
}

/**
 * The entry for a repository: the key has the same host (port included), and its path is the repository or a
 * namespace above it. The longest matching path wins.
 * @example keys "registry.example", "registry.example/team", "https://registry.example/v2/"
 */
export function chooseEntry(auths: Auths, registry: string, repository: string): unknown {
  let chosen: string | undefined;
  let longest = -1;
  for (const key of Object.keys(auths)) {
    const { host, path } = splitKey(key);
    const sameHost = host === registry || (isDockerHub(host) && isDockerHub(registry));
    const above = path === "" || path === repository || repository.startsWith(`${path}/`);
    if (sameHost && above && path.length > longest) {
      chosen = key;
      longest = path.length;
    }
  }
  return chosen === undefined ? undefined : auths[chosen];
}

function splitKey(key: string): { readonly host: string; readonly path: string } {
  const bare = key.replace(/^https?:\/\//, "");
  const slash = bare.indexOf("/");
  if (slash < 0) return { host: bare, path: "" };
  const path = bare.slice(slash + 1).replace(/\/+$/, "");
  // docker writes https://index.docker.io/v1/, others https://host/v2/. That path is the API's, not a
  // namespace.
  return { host: bare.slice(0, slash), path: /^v[12]$/.test(path) ? "" : path };
}

function parseEntry(entry: unknown, file: string): Credentials | undefined {
  if (typeof entry !== "object" || entry === null) return undefined;
  const { auth, username, password } = entry as Readonly<Record<string, unknown>>;
  if (typeof username === "string" && typeof password === "string" && username !== "") {
    return { username, password };
  }
  // An empty entry means that a credential helper holds the secret; helpers are not supported here.
  if (typeof auth !== "string" || auth === "") return undefined;
  const text = Buffer.from(auth, "base64").toString("utf8");
  const colon = text.indexOf(":");
  if (colon < 1) {
    throw new OciError("invalid-config", `${file}: expected "auth" to be base64 of user:password`, {
      hint: "Log in again: docker login writes it.",
    });
  }
  // Some versions of docker pad the secret with NULs.
  return { username: text.slice(0, colon), password: text.slice(colon + 1).replace(/\0+$/, "") };
}

/** Formats the value of an `Authorization` header for basic authentication. */
export function formatBasic({ username, password }: Credentials): string {
  return `Basic ${Buffer.from(`${username}:${password}`, "utf8").toString("base64")}`;
}
