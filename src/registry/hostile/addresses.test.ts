// SPDX-License-Identifier: MIT
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import {
  forToken,
  openHostileScene,
  SECRETS,
  TOKEN_RULE,
  type HostileScene,
} from "../../../test/fixtures/network/hostile-registry.ts";
import { describe as describeBytes } from "../../bytes/describe-content.ts";
import { sourceOf } from "../../bytes/bytes.ts";
import { readAll } from "../../bytes/streams/read-all.ts";
import { MediaType } from "../../oci/media-types.ts";
import { answer, bearerChallenge, type Rule } from "../../testing/faulty-registry.ts";
import type { RepositoryStore } from "../repository.ts";

let scene: HostileScene;
beforeAll(async () => {
  scene = await openHostileScene();
});
afterAll(() => scene.close());
beforeEach(() => scene.registry.rule({ on: /./, reply: answer(404) }));

const content = Buffer.from("content");
const blob = describeBytes(MediaType.octetStream, content);
const root = describeBytes(MediaType.manifest, Buffer.from("{}"));
const fetchBlob = (store: RepositoryStore): Promise<unknown> =>
  readAll(store.fetch(blob), 100, "test");

interface Attack {
  /** Where the registry names an address. */
  readonly place: string;
  readonly rules: (target: string) => readonly Rule[];
  readonly act: (store: RepositoryStore) => Promise<unknown>;
}

const ATTACKS: readonly Attack[] = [
  {
    place: "as its token endpoint",
    rules: (target) => [{ on: /^GET \/v2/, reply: bearerChallenge(target) }],
    act: fetchBlob,
  },
  {
    place: "as the place of a blob",
    rules: (location) => [{ on: /blobs/, reply: forToken(answer(307, { location })) }, TOKEN_RULE],
    act: fetchBlob,
  },
  {
    place: "as the place of a manifest",
    rules: (location) => [
      { on: /manifests/, reply: forToken(answer(302, { location })) },
      TOKEN_RULE,
    ],
    act: (store) => store.resolve("v1"),
  },
  {
    place: "as the place where an upload goes on",
    rules: (location) => [{ on: /^POST/, reply: forToken(answer(202, { location })) }, TOKEN_RULE],
    act: (store) => store.push(blob, sourceOf(content)),
  },
  {
    place: "as the place where an upload begins",
    rules: (location) => [{ on: /^POST/, reply: forToken(answer(307, { location })) }, TOKEN_RULE],
    act: (store) => store.push(blob, sourceOf(content)),
  },
  {
    place: "as the place for a manifest that is pushed",
    rules: (location) => [{ on: /^PUT/, reply: forToken(answer(308, { location })) }, TOKEN_RULE],
    act: (store) => store.push(root, sourceOf(Buffer.from("{}"))),
  },
  {
    place: "as the next page of a list",
    rules: (target) => [
      {
        on: /tags/,
        reply: forToken(answer(200, { link: `<${target}>; rel="next"` }, '{"tags":[]}')),
      },
      TOKEN_RULE,
    ],
    act: (store) => store.capabilities.tags(),
  },
];

/** Addresses in a public registry's mouth. `PORT` is that of the server inside. */
const INSIDE = [
  "https://127.0.0.1:PORT/",
  "https://127.1:PORT/",
  "https://2130706433:PORT/",
  "https://0177.0.0.1:PORT/",
  "https://0x7f000001:PORT/",
  "https://0.0.0.0:PORT/",
  "https://[::]:PORT/",
  "https://[::1]:PORT/",
  "https://[::ffff:127.0.0.1]:PORT/",
  "https://localhost:PORT/",
  "https://x.localhost:PORT/",
  "https://name-of-loopback.example:PORT/",
  "https://both.example:PORT/",
  "https://private.example:PORT/",
  "https://10.0.0.1:PORT/",
  "https://192.168.1.1/",
  "https://[fd12::1]/",
  "https://169.254.169.254/latest/meta-data/",
  "https://2852039166/latest/meta-data/",
  "https://[fd00:ec2::254]/",
  "https://metadata.google.internal/",
  "https://metadata.example/",
  "http://127.0.0.1:PORT/",
  "http://cdn.example/",
  "http://registry.example/x",
  "https://user:canary-s3cret@cdn.example/",
  "file:///etc/passwd",
  "gopher://127.0.0.1:PORT/",
];

describe.each(ATTACKS)("a public registry that names $place", ({ place, rules, act }) => {
  it.each(INSIDE)("%s reaches nothing", async (text) => {
    // An upload or a list that goes on at the registry's own host with http is mended: proxies that end TLS say so.
    const isMended = place.includes("goes on") || place.includes("next page");
    if (isMended && text === "http://registry.example/x") return;
    scene.registry.rule(...rules(text.replace("PORT", String(scene.port))));
    const failed = act(scene.open());
    await expect(failed).rejects.toMatchObject({ code: "redirect-refused" });
    const error = (await failed.catch((thrown: unknown) => thrown)) as Error;
    expect(JSON.stringify([error, error.message, error.stack, String(error.cause)])).not.toMatch(
      SECRETS,
    );
    expect([scene.hits(), scene.elsewhere.requests.length]).toEqual([0, 0]);
  });
});

it("a list that goes on at the registry's own host with http is read on with https, there", async () => {
  const link = '<http://registry.example/v2/a/b/tags/list?last=a>; rel="next"';
  scene.registry.rule(
    { on: /last=a/, reply: forToken(answer(200, {}, '{"tags":["b"]}')) },
    { on: /tags/, reply: forToken(answer(200, { link }, '{"tags":["a"]}')) },
    TOKEN_RULE,
  );
  expect(await scene.open().capabilities.tags()).toEqual(["a", "b"]);
  expect([scene.hits(), scene.elsewhere.requests.length]).toEqual([0, 0]);
});

it("a token endpoint that sends on to an address inside is not followed, wherever that is", async () => {
  const location = `https://127.0.0.1:${scene.port}/`;
  scene.registry.rule(
    { on: /^GET \/v2/, reply: bearerChallenge("https://registry.example/token") },
    { on: /^GET \/token/, reply: answer(302, { location }) },
  );
  await expect(fetchBlob(scene.open())).rejects.toMatchObject({ status: 302 });
  expect(scene.hits()).toBe(0);
});

it("a foreign layer's addresses are never asked", async () => {
  scene.registry.rule({ on: /blobs/, reply: forToken(answer(404)) }, TOKEN_RULE);
  const urls = [`https://127.0.0.1:${scene.port}/`, "https://cdn.example/layer"];
  const foreign = { ...blob, urls };
  await expect(readAll(scene.open().fetch(foreign), 100, "test")).rejects.toMatchObject({
    code: "not-found",
  });
  expect([scene.hits(), scene.elsewhere.requests.length]).toEqual([0, 0]);
});
