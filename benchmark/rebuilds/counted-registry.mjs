// SPDX-License-Identifier: MIT
// Docker's registry on this machine, behind a proxy that counts what crosses the connections, headers included.
import { spawn } from "node:child_process";
import { writeFileSync } from "node:fs";
import { createConnection, createServer } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

/** @param {string} scratch @param {NodeJS.ProcessEnv} env */
export async function startCountedRegistry(scratch, env) {
  const port = 20_000 + Math.floor(Math.random() * 20_000);
  const settings = join(scratch, "registry.json");
  writeFileSync(
    settings,
    JSON.stringify({
      version: 0.1,
      log: { level: "error" },
      storage: { filesystem: { rootdirectory: join(scratch, "registry") } },
      http: { addr: `127.0.0.1:${port}` },
    }),
  );
  const registry = spawn("docker-registry", ["serve", settings], { env, stdio: "ignore" });
  const counted = { sent: 0, received: 0 };
  const proxy = createServer((client) => {
    const upstream = createConnection({ host: "127.0.0.1", port });
    client.on("data", (chunk) => (counted.sent += chunk.length));
    upstream.on("data", (chunk) => (counted.received += chunk.length));
    client.on("error", () => upstream.destroy());
    upstream.on("error", () => client.destroy());
    client.pipe(upstream).pipe(client);
  });
  await new Promise((listening) => proxy.listen(0, "127.0.0.1", () => listening(undefined)));
  const address = proxy.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  const host = `127.0.0.1:${address.port}`;
  for (let attempt = 0; ; attempt += 1) {
    const answer = await fetch(`http://${host}/v2/`).catch(() => undefined);
    if (answer?.ok === true) break;
    if (attempt === 100) throw new Error("docker-registry does not answer");
    await sleep(100);
  }
  return {
    host,
    /** What has crossed since the last call. */
    take() {
      const { sent, received } = counted;
      counted.sent = 0;
      counted.received = 0;
      return { sent, received };
    },
    stop() {
      proxy.close();
      registry.kill();
    },
  };
}
