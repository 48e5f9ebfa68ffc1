// SPDX-License-Identifier: MIT
import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);

/** The other programs, in the current releases that scripts/install-peers.sh installs. */
export const PEERS = [
  "cosign",
  "crane",
  "docker",
  "docker-registry",
  "oras",
  "skopeo",
  "start-dockerd",
  "umoci",
] as const;
export type Peer = (typeof PEERS)[number];

/** The directory with the peers' programs. */
export function peersDirectory(): string {
  return process.env["OCI_KIT_PEERS"] ?? "/opt/oci-kit-peers/bin";
}

/** The path of a peer's program. */
export function peer(name: Peer): string {
  return join(peersDirectory(), name);
}

/** The peers that are not installed. */
export function missingPeers(): string[] {
  return PEERS.filter((name) => !existsSync(peer(name)));
}

/** Runs a program to its end and returns its stdout; on failure, its stderr is in the error. */
export async function execute(
  program: string,
  words: readonly string[],
  options: { readonly cwd?: string; readonly env?: Readonly<Record<string, string>> } = {},
): Promise<string> {
  const { stdout } = await run(program, words, {
    maxBuffer: 64 * 1024 * 1024,
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    env: { ...process.env, ...options.env },
  });
  return stdout;
}

/** Runs a peer. */
export function runPeer(
  name: Peer,
  words: readonly string[],
  options: { readonly cwd?: string; readonly env?: Readonly<Record<string, string>> } = {},
): Promise<string> {
  return execute(peer(name), words, options);
}
