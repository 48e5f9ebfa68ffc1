// SPDX-License-Identifier: MIT
import { rmSync, writeFileSync } from "node:fs";
import { afterEach, describe, expect, it } from "vitest";
import {
  basic,
  CONTENT,
  DIGEST,
  htpasswdLine,
  INDEX,
  INDEX_TYPE,
  startGuarded,
  type GuardedRegistry,
  type Method,
} from "../../../test/fixtures/guarded-registry.ts";
import type { AccessRules } from "./access-rules.ts";
import { ACTIONS } from "./permission.ts";

let registry: GuardedRegistry;
afterEach(() => registry.remove());

const RULES: AccessRules = {
  rules: [
    { users: ["anonymous"], repositories: ["public/**"], actions: ["pull"] },
    { users: ["alice"], repositories: ["**"], actions: ACTIONS },
    { users: ["bob"], repositories: ["team/*", "public/b"], actions: ["pull", "push"] },
  ],
};
const start = async (rules?: AccessRules): Promise<void> => {
  registry = await startGuarded({ access: { rules } });
};
const upload = (repository: string): string => `/v2/${repository}/blobs/uploads/?digest=${DIGEST}`;

async function push(authorization: string | undefined, repository: string): Promise<number> {
  const blob = await registry.ask(authorization, "POST", upload(repository), { body: CONTENT });
  const path = `/v2/${repository}/manifests/1`;
  const sent = { body: INDEX, headers: INDEX_TYPE };
  const manifest = await registry.ask(authorization, "PUT", path, sent);
  return Math.max(blob.status, manifest.status);
}

const REQUESTS: readonly (readonly [Method, string])[] = [
  ["GET", "/v2/"],
  ["GET", "/v2/_catalog"],
  ["GET", "/v2/there/tags/list"],
  ["GET", "/v2/there/manifests/1"],
  ["HEAD", "/v2/there/manifests/1"],
  ["PUT", "/v2/there/manifests/1"],
  ["DELETE", "/v2/there/manifests/1"],
  ["GET", `/v2/there/blobs/${DIGEST}`],
  ["DELETE", `/v2/there/blobs/${DIGEST}`],
  ["GET", `/v2/there/referrers/${DIGEST}`],
  ["POST", "/v2/there/blobs/uploads/"],
  ["PATCH", "/v2/there/blobs/uploads/x"],
  ["GET", "/v2/there/blobs/uploads/x"],
  ["GET", "/v2/There/manifests/1"],
  ["GET", "/nothing"],
];

describe("whoever did not sign in", () => {
  it("is told to, in the same words whether there is such a repository or not", async () => {
    await start();
    expect(await push(basic("alice"), "there")).toBe(201);
    for (const [method, path] of REQUESTS) {
      const there = await registry.ask(undefined, method, path);
      const absent = await registry.ask(undefined, method, path.replace("/there/", "/gone/"));
      expect([method, path, there.status]).toEqual([method, path, 401]);
      expect(there.text).toBe(absent.text);
      const headers = (answer: typeof there) =>
        JSON.stringify({ ...answer.headers, date: "" }).replaceAll("gone", "there");
      expect(headers(there)).toBe(headers(absent));
    }
    expect(registry.events).toEqual([]);
  });

  it("learns where a token is given, for what scope", async () => {
    await start();
    const { headers } = await registry.ask(undefined, "PUT", "/v2/a/b/manifests/1");
    const host = `127.0.0.1:${registry.server.port}`;
    expect(headers["www-authenticate"]).toBe(
      `Bearer realm="http://${host}/token",service="${host}",scope="repository:a/b:pull,push"`,
    );
    const behindProxy = { headers: { "x-forwarded-proto": "https", host: "registry.internal" } };
    const other = await registry.ask(undefined, "GET", "/v2/", behindProxy);
    expect(other.status).toBe(421);
    const local = { headers: { "x-forwarded-proto": "https", host: "localhost" } };
    const proxied = await registry.ask(undefined, "GET", "/v2/", local);
    expect(proxied.headers["www-authenticate"]).toContain('realm="https://localhost/token"');
  });

  it("reads what the rules open to everyone, without a token and with one, and nothing else", async () => {
    await start(RULES);
    for (const repository of ["public/a", "secret"]) await push(basic("alice"), repository);
    const session = await registry.session(undefined, "repository:public/a:pull,push,delete");
    for (const header of [undefined, session]) {
      expect((await registry.ask(header, "GET", "/v2/public/a/manifests/1")).status).toBe(200);
      expect((await registry.ask(header, "GET", "/v2/secret/manifests/1")).status).toBe(401);
      expect((await registry.ask(header, "POST", upload("public/a"))).status).toBe(401);
    }
    expect((await registry.ask(session, "GET", "/v2/")).status).toBe(200);
    expect((await registry.ask(undefined, "GET", "/v2/")).status).toBe(401);
  });

  it("gets no token where nothing is open to everyone", async () => {
    await start();
    const { status, headers } = await registry.ask(undefined, "GET", "/token");
    expect([status, headers["www-authenticate"]]).toEqual([401, 'Basic realm="oci-kit"']);
  });
});

describe("a user", () => {
  it("does what the rules allow, by password and by session, and is refused the rest with 403", async () => {
    await start(RULES);
    const session = await registry.session(basic("bob"), "repository:team/b:*");
    for (const header of [basic("bob"), session]) {
      expect(await push(header, "team/b")).toBe(201);
      const blob = `/v2/team/b/blobs/${DIGEST}`;
      expect((await registry.ask(header, "DELETE", blob)).code).toBe("DENIED");
      for (const repository of ["team", "team/b/c", "teams/b", "other"]) {
        const { status, code } = await registry.ask(header, "POST", upload(repository));
        expect([repository, status, code]).toEqual([repository, 403, "DENIED"]);
      }
    }
    expect((await registry.ask(basic("carol"), "GET", "/v2/team/b/manifests/1")).status).toBe(403);
  });

  it("is asked for another token where the session was given for something else", async () => {
    await start(RULES);
    const narrow = await registry.session(basic("bob"), "repository:team/a:pull");
    const { status, headers } = await registry.ask(narrow, "POST", upload("team/b"));
    expect(status).toBe(401);
    expect(headers["www-authenticate"]).toContain(
      'scope="repository:team/b:pull,push",error="insufficient_scope"',
    );
    expect((await registry.ask(narrow, "GET", "/v2/_catalog")).status).toBe(401);
  });

  it("finds only what may be read in the list of repositories", async () => {
    await start(RULES);
    for (const name of ["public/a", "team/a", "secret"]) await push(basic("alice"), name);
    const list = async (header: string | undefined): Promise<unknown> =>
      JSON.parse((await registry.ask(header, "GET", "/v2/_catalog")).text);
    expect(await list(basic("bob"))).toEqual({ repositories: ["public/a", "team/a"] });
    expect(await list(undefined)).toEqual({ repositories: ["public/a"] });
    const session = await registry.session(basic("alice"), "registry:catalog:*");
    expect(await list(session)).toEqual({ repositories: ["public/a", "secret", "team/a"] });
  });

  it("mounts only from what may be read; else the mount becomes an upload", async () => {
    await start(RULES);
    await push(basic("alice"), "secret");
    await push(basic("alice"), "team/a");
    const mount = (header: string, from: string) =>
      registry.ask(header, "POST", `/v2/team/b/blobs/uploads/?mount=${DIGEST}${from}`);
    expect((await mount(basic("bob"), "&from=team/a")).status).toBe(201);
    expect((await mount(basic("bob"), "&from=secret")).status).toBe(202);
    expect((await mount(basic("bob"), "")).status).toBe(202);
    const narrow = await registry.session(basic("bob"), "repository:team/b:push");
    expect((await mount(narrow, "&from=secret")).status).toBe(202);
    const wider = await mount(narrow, "&from=team/a");
    expect(wider.headers["www-authenticate"]).toContain("repository:team/a:pull");
  });

  it("with a wrong password, or unknown, is refused everywhere and reported without the password", async () => {
    await start();
    for (const header of [basic("alice", "wrong"), basic("nobody"), "Basic !", "Digest x"]) {
      for (const path of ["/v2/", "/token"]) {
        expect((await registry.ask(header, "GET", path)).status).toBe(401);
      }
    }
    await registry.ask(basic("bob"), "GET", "/v2/a/manifests/1?password=hush&x=y");
    const [first] = registry.events;
    expect(first).toMatchObject({ kind: "request-failed", status: 401, code: "UNAUTHORIZED" });
    const last = registry.events.at(-1);
    expect(last).toMatchObject({ user: "bob", target: "/v2/a/manifests/1?password=…&x=y" });
    expect(JSON.stringify(registry.events)).not.toMatch(/wrong|hush|Basic [a-zA-Z0-9]/);
  });

  it("who is added, changed or removed counts from the next request on, also in sessions", async () => {
    await start();
    const session = await registry.session(basic("alice"), "repository:a:pull");
    expect((await registry.ask(session, "GET", "/v2/")).status).toBe(200);
    const lines = [htpasswdLine("bob", "another"), htpasswdLine("dave")];
    writeFileSync(registry.htpasswd, lines.join(""));
    const statuses = [
      session,
      basic("alice"),
      basic("bob"),
      basic("bob", "another"),
      basic("dave"),
    ];
    const got = [];
    for (const header of statuses) got.push((await registry.ask(header, "GET", "/v2/")).status);
    expect(got).toEqual([401, 401, 401, 200, 200]);
  });

  it("is refused without a word of the file while the file of users can't be read", async () => {
    await start();
    rmSync(registry.htpasswd);
    const { status, text } = await registry.ask(basic("alice"), "GET", "/v2/");
    expect(status).toBe(500);
    expect(text).not.toContain("users");
    expect(registry.events[0]).toMatchObject({ status: 500 });
    expect(JSON.stringify(registry.events)).toContain(registry.htpasswd);
  });

  it("of an OAuth client that posts to the token endpoint is told to use GET", async () => {
    await start();
    const { status, headers } = await registry.ask(basic("alice"), "POST", "/token");
    expect([status, headers["allow"]]).toEqual([405, "GET"]);
  });
});

describe("a read-only registry", () => {
  it("answers reads, refuses everything else, and makes no directory", async () => {
    await start();
    await push(basic("alice"), "a");
    const { directory, htpasswd } = registry;
    const other = await startGuarded({ directory, readOnly: true, access: { htpasswd } });
    expect((await other.ask(basic("alice"), "GET", "/v2/a/manifests/1")).status).toBe(200);
    for (const [method, path] of [
      ["PUT", "/v2/a/manifests/1"],
      ["DELETE", "/v2/a/manifests/1"],
      ["POST", "/v2/a/blobs/uploads/"],
    ] as const) {
      const { status, headers } = await other.ask(basic("alice"), method, path);
      expect([status, headers["allow"]]).toEqual([405, "GET, HEAD"]);
    }
    await other.remove();
    await expect(startGuarded({ readOnly: true })).rejects.toThrow(/no such directory/);
  });
});
