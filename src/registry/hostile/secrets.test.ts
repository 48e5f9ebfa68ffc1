// SPDX-License-Identifier: MIT
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
  CREDENTIALS,
  forToken,
  openHostileScene,
  SECRETS,
  TOKEN,
  TOKEN_RULE,
  type HostileScene,
} from "../../../test/fixtures/network/hostile-registry.ts";
import { describe as describeBytes } from "../../bytes/describe-content.ts";
import { readAll } from "../../bytes/streams/read-all.ts";
import { MediaType } from "../../oci/media-types.ts";
import { answer, type FaultyRegistry } from "../../testing/faulty-registry.ts";
import { openRepository } from "../repository.ts";

let scene: HostileScene;
beforeEach(async () => {
  scene = await openHostileScene();
});
afterEach(() => scene.close());

const content = Buffer.from("content");
const blob = describeBytes(MediaType.octetStream, content);
const fetchBlob = async (): Promise<string> =>
  Buffer.from(await readAll(scene.open().fetch(blob), 100, "test")).toString();

/** All that a server was sent, but for the registry's own. */
function sentTo({ requests }: FaultyRegistry): string {
  return JSON.stringify(requests);
}

describe("credentials, tokens and cookies", () => {
  const away = (location: string): void =>
    scene.registry.rule(
      { on: /blobs/, reply: forToken(answer(307, { location, "set-cookie": "x=canary-c00kie" })) },
      TOKEN_RULE,
    );

  it("do not follow a redirect to another host", async () => {
    away("https://cdn.example/blob");
    scene.elsewhere.rule({ on: "GET /blob", reply: answer(200, {}, content) });
    expect(await fetchBlob()).toBe("content");
    expect(sentTo(scene.elsewhere)).not.toMatch(SECRETS);
  });
  it("are not given to another host that asks for them", async () => {
    away("https://cdn.example/blob");
    for (const challenge of [
      'Basic realm="r"',
      'Bearer realm="https://cdn.example/token",service="s"',
      'Bearer realm="https://registry.example/token",service="s"',
    ]) {
      scene.elsewhere.rule({ on: /./, reply: answer(401, { "www-authenticate": challenge }) });
      await expect(fetchBlob()).rejects.toMatchObject({ code: "unauthorized" });
    }
    expect(sentTo(scene.elsewhere)).not.toMatch(SECRETS);
    expect(scene.elsewhere.requests.every(({ path }) => path === "/blob")).toBe(true);
  });
  it("do not come back after a detour over another host", async () => {
    away("https://cdn.example/back");
    const location = "https://registry.example/there";
    scene.elsewhere.rule({ on: "GET /back", reply: answer(307, { location }) });
    scene.registry.rule({ on: "GET /there", reply: answer(200, {}, content) });
    expect(await fetchBlob()).toBe("content");
    const [there] = scene.registry.requests.filter(({ path }) => path === "/there");
    expect(there?.headers).not.toHaveProperty("authorization");
  });
  it("do not follow a redirect to another port of the same host", async () => {
    away("https://registry.example:8443/blob");
    scene.registry.rule({ on: "GET /blob", reply: answer(200, {}, content) });
    expect(await fetchBlob()).toBe("content");
    const [other] = scene.registry.requests.filter(({ path }) => path === "/blob");
    expect(other?.headers["host"]).toBe("registry.example:8443");
    expect(JSON.stringify(other)).not.toMatch(SECRETS);
  });
  it("stay with a redirect within the registry, except for cookies, which are never kept", async () => {
    away("/there");
    scene.registry.rule({ on: "GET /there", reply: forToken(answer(200, {}, content)) });
    expect(await fetchBlob()).toBe("content");
    expect(sentTo(scene.registry)).not.toMatch(/canary-c00kie/);
    expect(sentTo(scene.registry)).toContain(TOKEN);
  });
  it("go to the token endpoint alone, and the token to the registry alone", async () => {
    const realm = 'Bearer realm="https://cdn.example/token",service="s"';
    scene.registry.rule({
      on: /blobs/,
      reply: ({ headers }) =>
        headers["authorization"] === `Bearer ${TOKEN}`
          ? answer(200, {}, content)
          : answer(401, { "www-authenticate": realm }),
    });
    scene.elsewhere.rule(TOKEN_RULE);
    expect(await fetchBlob()).toBe("content");
    expect(sentTo(scene.registry)).not.toContain(btoa(`${CREDENTIALS.username}:`).slice(0, 12));
    expect(sentTo(scene.elsewhere)).not.toContain(TOKEN);
  });
});

it("an error shows nothing secret that a registry says back, of what it was sent", async () => {
  const errors = [{ code: "DENIED", message: "no" }];
  scene.registry.rule(
    { on: /blobs/, reply: forToken(answer(403, { "x-echo": TOKEN }, JSON.stringify({ errors }))) },
    TOKEN_RULE,
  );
  const error = (await fetchBlob().catch((thrown: unknown) => thrown)) as Error;
  expect(JSON.stringify([error, error.message, error.stack, String(error.cause)])).not.toMatch(
    SECRETS,
  );
});

describe("redirects", () => {
  it.each(["https://cdn.example/loop", "/v2/loop"])("in a loop (%s) end", async (location) => {
    const loop = { on: /./, reply: answer(302, { location }) };
    scene.registry.rule(loop);
    scene.elsewhere.rule(loop);
    await expect(fetchBlob()).rejects.toMatchObject({ code: "redirect-refused" });
    const all = scene.registry.requests.length + scene.elsewhere.requests.length;
    expect(all).toBe(11);
  });
});

describe("a registry on this machine", () => {
  it("is given to nobody else: another port gets no credentials", async () => {
    const store = openRepository(
      { registry: `127.0.0.1:${new URL(`http://${scene.registry.host}`).port}`, repository: "a/b" },
      { credentials: CREDENTIALS, retry: { attempts: 1 }, tls: { anyCertificate: true } },
    );
    const location = `https://${scene.elsewhere.host}/blob`;
    const basic = answer(401, { "www-authenticate": 'Basic realm="r"' });
    scene.registry.rule({
      on: /blobs/,
      reply: ({ headers }) =>
        headers["authorization"] === undefined ? basic : answer(307, { location }),
    });
    scene.elsewhere.rule({ on: "GET /blob", reply: answer(200, {}, content) });
    expect(Buffer.from(await readAll(store.fetch(blob), 100, "test")).toString()).toBe("content");
    expect(sentTo(scene.elsewhere)).not.toMatch(SECRETS);
  });
});
