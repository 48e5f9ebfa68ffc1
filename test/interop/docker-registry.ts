// SPDX-License-Identifier: MIT
import { spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, openSync, readFileSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";
import { peer } from "./peers.ts";

export interface RunningRegistry {
  /** `127.0.0.1:41234` */
  readonly host: string;
  /** The access log so far, one line for each request. */
  readonly log: () => string;
  stop(): Promise<void>;
}

/** A port that was free when this returned. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  await once(server, "close");
  if (address === null || typeof address === "string") throw new Error("no port");
  return address.port;
}

/** Starts Debian's docker-registry (distribution) on loopback, with its storage under a directory. */
export async function startDockerRegistry(
  directory: string,
  auth?: Readonly<Record<string, unknown>>,
  tls?: Readonly<Record<string, unknown>>,
): Promise<RunningRegistry> {
  const host = `127.0.0.1:${await freePort()}`;
  await mkdir(directory, { recursive: true });
  const file = join(directory, "config.yml");
  await writeFile(
    file,
    JSON.stringify({
      version: 0.1,
      log: { level: "info" },
      storage: {
        filesystem: { rootdirectory: join(directory, "data") },
        delete: { enabled: true },
      },
      http: { addr: host, secret: "only for tests", ...(tls && { tls }) },
      ...(auth && { auth }),
    }),
  );
  // To a file: a test that runs its clients with spawnSync reads no pipe meanwhile, and once that was full, the registry
  // hung for ever in its next line of log.
  const log = `${file}.log`;
  const output = openSync(log, "w");
  const child = spawn(peer("docker-registry"), ["serve", file], {
    stdio: ["ignore", output, output],
  });
  closeSync(output);
  for (let attempt = 0; ; attempt += 1) {
    const answer = await fetch(`http://${host}/v2/`).catch(() => undefined);
    // One that speaks TLS answers a plain request with 400.
    if (answer?.ok === true || answer?.status === (tls === undefined ? 401 : 400)) break;
    if (attempt === 600 || child.exitCode !== null)
      throw new Error(`docker-registry: ${readFileSync(log, "utf8")}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  return {
    host,
    log: () => readFileSync(log, "utf8"),
    async stop() {
      if (child.exitCode !== null) return;
      child.kill();
      await once(child, "exit");
    },
  };
}
