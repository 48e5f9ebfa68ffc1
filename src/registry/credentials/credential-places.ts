// SPDX-License-Identifier: MIT
import { join } from "node:path";
import { homeDirectory } from "../../files/home-directory.ts";

/** The variables of a process, as in `process.env`. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** Where credentials may be. */
export interface CredentialPlace {
  /** The path of a file, or the name of a variable: `$DOCKER_AUTH_CONFIG`. */
  readonly name: string;
  /** The content of a variable. A file is read instead. */
  readonly text?: string | undefined;
  /** A file of old: its whole document is what others have under `auths`. */
  readonly isLegacy?: boolean | undefined;
}

/**
 * The places that may hold credentials, in the order in which they are asked:
 * - the file that `REGISTRY_AUTH_FILE` names, and then no other;
 * - the variable `DOCKER_AUTH_CONFIG`, which docker reads;
 * - docker's `config.json`, in the directory that `DOCKER_CONFIG` names or in `~/.docker`;
 * - `auth.json` of the containers tools (containers-auth.json(5)): that of the session, in `XDG_RUNTIME_DIR` or else
 *   in `/run/containers/UID`; then that in `XDG_CONFIG_HOME` or else in `~/.config`;
 * - `~/.dockercfg`, which the containers tools still read.
 *
 * Docker's comes before the others, because docker and BuildKit read no other, and `login` writes there.
 */
export function credentialPlaces(
  environment: Environment = process.env,
): readonly CredentialPlace[] {
  const { REGISTRY_AUTH_FILE, DOCKER_AUTH_CONFIG, XDG_RUNTIME_DIR, XDG_CONFIG_HOME } = environment;
  if (REGISTRY_AUTH_FILE) return [{ name: REGISTRY_AUTH_FILE }];
  const home = homeDirectory(environment);
  const session = XDG_RUNTIME_DIR ? join(XDG_RUNTIME_DIR, "containers") : sessionDirectory();
  return [
    ...(DOCKER_AUTH_CONFIG ? [{ name: "$DOCKER_AUTH_CONFIG", text: DOCKER_AUTH_CONFIG }] : []),
    { name: dockerConfig(environment) },
    ...(session === undefined ? [] : [{ name: join(session, "auth.json") }]),
    { name: join(XDG_CONFIG_HOME || join(home, ".config"), "containers", "auth.json") },
    { name: join(home, ".dockercfg"), isLegacy: true },
  ];
}

/** The file that `login` writes to: what `REGISTRY_AUTH_FILE` names, or docker's `config.json`. */
export function primaryFile(environment: Environment = process.env): string {
  return environment["REGISTRY_AUTH_FILE"] || dockerConfig(environment);
}

function dockerConfig(environment: Environment): string {
  const directory = environment["DOCKER_CONFIG"] || join(homeDirectory(environment), ".docker");
  return join(directory, "config.json");
}

/** Only Linux has such a directory, and Windows no user ids. */
function sessionDirectory(): string | undefined {
  const uid = process.getuid?.();
  return process.platform === "linux" && uid !== undefined ? `/run/containers/${uid}` : undefined;
}
