// SPDX-License-Identifier: MIT
import { spawn } from "node:child_process";
import { createServer, type AddressInfo } from "node:net";
import { join } from "node:path";
import { peersDirectory, runPeer } from "./peers.ts";
import type { RunningDocker } from "./start-docker.ts";

/** A BuildKit at a TCP address, which buildx knows by a name. */
export interface RemoteBuilder {
  readonly name: string;
  /** Where buildx keeps what it knows, for `BUILDX_CONFIG`. */
  readonly config: string;
  close(): Promise<void>;
}

/**
 * Serves Docker's own BuildKit on a port of 127.0.0.1, as a build machine does, and makes a builder of the driver
 * `remote` for it.
 */
export async function startRemoteBuilder(
  { directory }: RunningDocker,
  name: string,
): Promise<RemoteBuilder> {
  const env = { DOCKER_HOST: `unix://${join(directory, "docker.sock")}` };
  const server = createServer((socket) => {
    const bridge = spawn(
      join(peersDirectory(), "docker"),
      ["buildx", "dial-stdio", "--builder=default"],
      { env: { ...process.env, ...env }, stdio: ["pipe", "pipe", "ignore"] },
    );
    socket.pipe(bridge.stdin);
    bridge.stdout.pipe(socket);
    socket.once("close", () => bridge.kill());
    for (const stream of [socket, bridge.stdin, bridge.stdout]) {
      stream.on("error", () => bridge.kill());
    }
    bridge.once("close", () => socket.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const config = join(directory, "buildx");
  const words = [
    "buildx",
    "create",
    `--name=${name}`,
    "--driver=remote",
    `tcp://127.0.0.1:${port}`,
  ];
  await runPeer("docker", words, { env: { ...env, BUILDX_CONFIG: config } });
  return {
    name,
    config,
    close: () => new Promise((resolve) => server.close(() => resolve())),
  };
}
