// SPDX-License-Identifier: MIT
import { writeFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openRepository } from "../../src/registry/repository.ts";
import { issueToken } from "../../src/server/access/issued-token.ts";
import { serveRegistry, type RegistryServer } from "../../src/server/serve.ts";
import type { ServerEvent } from "../../src/server/listen/server-event.ts";
import { copy } from "../../src/store/copy/copy.ts";
import { openLayout } from "../../src/store/layout/layout.ts";
import { makeAuthority, makeCertificate } from "../fixtures/network/signed-certificates.ts";
import { makeImage } from "../fixtures/layers.ts";
import { familyLayers } from "./families.ts";
import { CLIENTS, makeClient, type Client, type ClientSetup } from "./guarded-clients.ts";
import { execute } from "./peers.ts";
import { makeScratch } from "./scratch.ts";
import { startDocker, type RunningDocker } from "./start-docker.ts";

const scratch = makeScratch();
const directory = scratch.path("served");
const PASSWORD = "s3cret:with colon";
let server: RegistryServer;
let docker: RunningDocker;
let setup: ClientSetup;
let events: ServerEvent[];

beforeAll(async () => {
  const authority = await makeAuthority();
  const { cert, key } = await makeCertificate(["127.0.0.1", "localhost"], { by: authority });
  const certificates = scratch.make("certificates");
  writeFileSync(scratch.path("certificates", "ca.crt"), authority.cert);
  writeFileSync(scratch.path("cert.pem"), cert);
  writeFileSync(scratch.path("key.pem"), key);
  const htpasswd = scratch.path("users");
  writeFileSync(htpasswd, await execute("htpasswd", ["-Bbn", "alice", PASSWORD]));
  const layout = await openLayout(scratch.path("layout"), { create: true });
  const parts = { architecture: "amd64", store: layout, tag: "one" } as const;
  const { descriptor } = await makeImage(familyLayers("amd64"), parts);
  const readable = "public/one";
  const open = await serveRegistry({ directory });
  const target = { registry: `127.0.0.1:${open.port}`, repository: readable };
  await copy(layout, descriptor, openRepository(target), { tag: "1" });
  await open.close();
  events = [];
  server = await serveRegistry({
    directory,
    tls: { cert: scratch.path("cert.pem"), key: scratch.path("key.pem") },
    access: {
      htpasswd,
      rules: {
        rules: [
          { users: ["anonymous"], repositories: ["public/**"], actions: ["pull"] },
          { users: ["alice"], repositories: ["alice/**"], actions: ["pull", "push"] },
        ],
      },
    },
    onEvent: (event) => events.push(event),
  });
  // Docker takes its authorities from there when it starts.
  process.env["SSL_CERT_FILE"] = scratch.path("certificates", "ca.crt");
  docker = await startDocker(scratch.path("docker"));
  setup = {
    directory: scratch.directory,
    host: `127.0.0.1:${server.port}`,
    certificates,
    layout: layout.directory,
    tag: "one",
    readable,
    docker,
  };
});
afterAll(async () => {
  await docker.stop();
  delete process.env["SSL_CERT_FILE"];
  await server.close();
});

describe.each(CLIENTS)("%s, at our registry with a certificate, users and rules", (name) => {
  let client: Client;
  beforeAll(() => {
    client = makeClient(name, setup);
  });

  it("pulls without signing in what is open to everyone, and nothing else", async () => {
    await client.pull(setup.readable);
    await expect(client.pull("alice/one")).rejects.toThrow(/auth|denied|401/i);
  });

  it("is refused with a wrong password", async () => {
    // crane only writes the password down
    if (name === "crane") return;
    await expect(client.login("alice", "wrong")).rejects.toThrow();
  });

  it("signs in, pushes and pulls where the user may, and nowhere else", async () => {
    await client.login("alice", PASSWORD);
    await client.push(`alice/${name}`);
    await client.pull(`alice/${name}`);
    events.length = 0;
    await expect(client.push(`bob/${name}`)).rejects.toThrow(/denied|403|authoriz/i);
    expect(events).toContainEqual(expect.objectContaining({ user: "alice", status: 403 }));
  });

  it("with a build's token pushes to its own repository and its cache and nowhere else", async () => {
    const { token, id } = await issueToken({
      directory,
      grants: [
        { repository: `builds/${name}`, actions: ["pull", "push"] },
        { repository: `builds/${name}-cache`, actions: ["pull", "push"] },
      ],
    });
    await client.login("token", token);
    await client.push(`builds/${name}`);
    await client.push(`builds/${name}-cache`);
    await client.pull(`builds/${name}`);
    events.length = 0;
    await expect(client.push(`alice/${name}`)).rejects.toThrow(/denied|403|authoriz/i);
    expect(events).toContainEqual(expect.objectContaining({ user: `token:${id}`, status: 403 }));
    expect(JSON.stringify(events)).not.toContain(token);
  });
});
