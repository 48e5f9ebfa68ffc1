// SPDX-License-Identifier: MIT
import { createHash, createPrivateKey, sign, X509Certificate } from "node:crypto";
import { once } from "node:events";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createServer, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { findCredentials } from "../../src/registry/credentials/look-up.ts";
import { openRepository, type RepositoryStore } from "../../src/registry/repository.ts";
import { copy } from "../../src/store/copy/copy.ts";
import { openLayout } from "../../src/store/layout/layout.ts";
import { assertCode } from "../../src/testing/store-contract/store-content.ts";
import { startDockerRegistry, type RunningRegistry } from "./docker-registry.ts";
import { writeFamily, type Family } from "./families.ts";
import { execute, runPeer } from "./peers.ts";
import { makeScratch } from "./scratch.ts";

const scratch = makeScratch();
const USER = { username: "someone", password: "s3cret:with colon" };
const layout = scratch.path("layout");
let family: Family;

beforeAll(async () => {
  family = await writeFamily(await openLayout(layout, { create: true }));
});

describe("docker-registry with a password file", () => {
  let registry: RunningRegistry;

  beforeAll(async () => {
    const file = scratch.path("htpasswd");
    writeFileSync(file, await execute("htpasswd", ["-Bbn", USER.username, USER.password]));
    registry = await startDockerRegistry(scratch.path("basic"), {
      htpasswd: { realm: "test", path: file },
    });
  });
  afterAll(() => registry.stop());

  const open = (credentials: typeof USER | undefined): RepositoryStore =>
    openRepository(
      { registry: registry.host, repository: "a/b" },
      { credentials: credentials ?? (() => Promise.resolve(undefined)) },
    );

  it("accepts our push with the password, and skopeo reads the result", async () => {
    await copy(await openLayout(layout), family.index, open(USER), { tag: "family" });
    const words = ["inspect", "--raw", "--tls-verify=false"];
    const creds = ["--creds", `${USER.username}:${USER.password}`];
    const told = await runPeer("skopeo", [
      ...words,
      ...creds,
      `docker://${registry.host}/a/b:family`,
    ]);
    expect(told).toContain(family.images[0]!.descriptor.digest);
  });

  it("refuses us with a wrong password and with none, and our error says so", async () => {
    for (const credentials of [undefined, { ...USER, password: "wrong" }]) {
      await assertCode(open(credentials).resolve("family"), "unauthorized");
    }
  });

  it("accepts us with the credentials file that skopeo login, crane auth login or oras login writes", async () => {
    for (const peer of ["skopeo", "crane", "oras"] as const) {
      const directory = scratch.make(`login-${peer}`);
      const file = `${directory}/config.json`;
      const user = ["-u", USER.username, "-p", USER.password, registry.host];
      const env = { DOCKER_CONFIG: directory, REGISTRY_AUTH_FILE: "" };
      if (peer === "skopeo")
        await runPeer(peer, ["login", "--tls-verify=false", "--authfile", file, ...user]);
      if (peer === "crane") await runPeer(peer, ["auth", "login", ...user], { env });
      if (peer === "oras")
        await runPeer(peer, ["login", "--plain-http", "--registry-config", file, ...user]);
      expect(await findCredentials(registry.host, "a/b", env)).toEqual(USER);
    }
  });
});

describe("docker-registry with tokens", () => {
  let registry: RunningRegistry;
  let tokens: TokenServer;

  beforeAll(async () => {
    tokens = await startTokenServer(scratch.make("keys"));
    registry = await startDockerRegistry(scratch.path("token"), {
      token: {
        realm: tokens.realm,
        service: "test-registry",
        issuer: "test-issuer",
        rootcertbundle: tokens.certificate,
      },
    });
  });
  afterAll(async () => {
    await registry.stop();
    tokens.server.close();
    await once(tokens.server, "close");
  });

  it("accepts our push and our mount from another repository, and crane reads the result", async () => {
    const open = (repository: string): RepositoryStore =>
      openRepository({ registry: registry.host, repository }, { credentials: USER });
    await copy(await openLayout(layout), family.index, open("first/one"), { tag: "family" });
    const done = await copy(open("first/one"), family.index, open("second/one"), { tag: "family" });
    expect(done.mounted.count).toBe(7);
    expect(tokens.asked.some((scopes) => scopes.length === 2)).toBe(true);
    const env = { DOCKER_CONFIG: scratch.make("crane") };
    const user = ["-u", USER.username, "-p", USER.password, registry.host];
    await runPeer("crane", ["auth", "login", ...user], { env });
    const digest = await runPeer("crane", ["digest", `${registry.host}/second/one:family`], {
      env,
    });
    expect(digest.trim()).toBe(family.index.digest);
    await open("first/one").capabilities.remove(family.images[0]!.descriptor.digest);
    expect(await open("first/one").exists(family.images[0]!.descriptor)).toBe(false);
  });

  it("refuses us with a wrong password", async () => {
    const credentials = { ...USER, password: "wrong" };
    const store = openRepository(
      { registry: registry.host, repository: "first/one" },
      { credentials },
    );
    await assertCode(store.resolve("family"), "unauthorized");
  });
});

interface TokenServer {
  readonly server: Server;
  readonly realm: string;
  /** The path of the certificate that distribution trusts. */
  readonly certificate: string;
  /** The scopes requested for each token. */
  readonly asked: string[][];
}

/** A token endpoint as in distribution's token specification, for one user who may do everything. */
async function startTokenServer(directory: string): Promise<TokenServer> {
  mkdirSync(directory, { recursive: true });
  const [key, certificate] = [`${directory}/key.pem`, `${directory}/cert.pem`];
  const ec = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"];
  const files = ["-keyout", key, "-out", certificate, "-days", "2", "-subj", "/CN=test"];
  await execute("openssl", ["req", "-x509", "-nodes", ...ec, ...files]);
  const asked: string[][] = [];
  const server = createServer((request, response) => {
    const scopes = new URL(request.url ?? "/", "http://x").searchParams.getAll("scope");
    if (!isUser(request)) return response.writeHead(401).end("{}");
    asked.push(scopes);
    const token = signToken(scopes, readFileSync(key, "utf8"), readFileSync(certificate));
    return response.end(JSON.stringify({ token, expires_in: 60 }));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return { server, realm: `http://127.0.0.1:${port}/token`, certificate, asked };
}

function isUser({ headers }: IncomingMessage): boolean {
  const basic = Buffer.from(`${USER.username}:${USER.password}`).toString("base64");
  return headers.authorization === `Basic ${basic}`;
}

function signToken(scopes: readonly string[], key: string, pem: Buffer): string {
  const now = Math.floor(Date.now() / 1000);
  const access = scopes.map((scope) => {
    const [type, name, actions = ""] = scope.split(":");
    return { type, name, actions: actions.split(",") };
  });
  const times = { iat: now, nbf: now - 10, exp: now + 60 };
  const claims = { iss: "test-issuer", sub: USER.username, aud: "test-registry", ...times, access };
  const x5c = [new X509Certificate(pem).raw.toString("base64")];
  const jti = createHash("sha256").update(String(Math.random())).digest("hex");
  const parts = [
    { typ: "JWT", alg: "ES256", x5c },
    { ...claims, jti },
  ];
  const text = parts
    .map((part) => Buffer.from(JSON.stringify(part)).toString("base64url"))
    .join(".");
  const signature = sign("sha256", Buffer.from(text), {
    key: createPrivateKey(key),
    dsaEncoding: "ieee-p1363",
  });
  return `${text}.${signature.toString("base64url")}`;
}
