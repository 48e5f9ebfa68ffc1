// SPDX-License-Identifier: MIT
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { describe as describeBytes } from "../../bytes/describe-content.ts";
import { MediaType } from "../../oci/media-types.ts";
import { answer, startFaultyRegistry } from "../../testing/faulty-registry.ts";
import type { FaultyRegistry, Reply } from "../../testing/faulty-registry.ts";
import { openRepository } from "../repository.ts";
import type { RepositoryStore } from "../repository.ts";

let registry: FaultyRegistry;
beforeEach(async () => {
  registry = await startFaultyRegistry();
});
afterEach(async () => {
  await registry.close();
});

function open(): RepositoryStore {
  const options = { credentials: () => Promise.resolve(undefined) };
  return openRepository({ registry: registry.host, repository: "a/b" }, options);
}

const blob = describeBytes(MediaType.octetStream, new Uint8Array(5));
const document = describeBytes(MediaType.manifest, new Uint8Array(6));

describe("a list", () => {
  const tags = "GET /v2/a/b/tags/list?n=1000";
  const page = (list: readonly string[] | null, link?: string): Reply =>
    answer(200, link === undefined ? {} : { link }, JSON.stringify({ name: "a/b", tags: list }));

  it("is read page by page, sorted, without duplicates", async () => {
    registry.rule(
      { on: tags, reply: page(["c", "a"], '</v2/a/b/tags/list?last=c>; rel="next"') },
      { on: "GET /v2/a/b/tags/list?last=c", reply: page(["a", "b"]) },
    );
    expect(await open().capabilities.tags()).toEqual(["a", "b", "c"]);
  });
  it("may be null, which means empty", async () => {
    registry.rule({ on: tags, reply: page(null) });
    expect(await open().capabilities.tags()).toEqual([]);
  });
  it("of an unknown repository is not found, rather than empty", async () => {
    await expect(open().capabilities.tags()).rejects.toMatchObject({ code: "not-found" });
  });
  it("does not continue at another host", async () => {
    const other = await startFaultyRegistry();
    const link = `<http://${other.host}/v2/a/b/tags/list?last=c>; rel="next"`;
    registry.rule({ on: tags, reply: page(["c"], link) });
    await expect(open().capabilities.tags()).rejects.toMatchObject({ code: "redirect-refused" });
    expect(other.requests).toEqual([]);
    await other.close();
  });
  it("continues here too when the path of its link looks like another host", async () => {
    const other = await startFaultyRegistry();
    const target = `//${other.host}/v2/a/b/tags/list?last=c`;
    registry.rule(
      { on: tags, reply: page(["c"], `<http://${registry.host}${target}>; rel="next"`) },
      { on: `GET ${target}`, reply: page(["d"]) },
    );
    expect(await open().capabilities.tags()).toEqual(["c", "d"]);
    expect(other.requests).toEqual([]);
    await other.close();
  });
  it("whose pages link back to each other ends", async () => {
    registry.rule({ on: /^GET .*tags/, reply: page(["c"], `<${tags.slice(4)}>; rel="next"`) });
    await expect(open().capabilities.tags()).rejects.toMatchObject({ code: "limit-exceeded" });
  });
  it("with endless pages is an error", async () => {
    let count = 0;
    const next = (): Reply => page(["c"], `</v2/a/b/tags/list?last=${(count += 1)}>; rel="next"`);
    registry.rule({ on: /^GET .*tags/, reply: next });
    await expect(open().capabilities.tags()).rejects.toMatchObject({ code: "limit-exceeded" });
  });

  const index = (manifests: readonly unknown[]): Reply =>
    answer(
      200,
      { "content-type": MediaType.index },
      JSON.stringify({ schemaVersion: 2, manifests }),
    );
  const referrer = { ...document, artifactType: "application/x.sig" };

  it("of referrers is filtered even when the registry does not filter", async () => {
    registry.rule({ on: /^GET \/v2\/a\/b\/referrers/, reply: index([referrer, document]) });
    const { referrers } = open().capabilities;
    expect(await referrers(blob.digest)).toHaveLength(1);
    expect(await referrers(blob.digest, "application/x.other")).toEqual([]);
  });
  it("of referrers is read from the fallback tag when the registry has no referrers API", async () => {
    const tag = blob.digest.replace(":", "-");
    registry.rule({ on: `GET /v2/a/b/manifests/${tag}`, reply: index([referrer]) });
    expect(await open().capabilities.referrers(blob.digest)).toEqual([referrer]);
    expect(await open().capabilities.referrers(document.digest)).toEqual([]);
  });
  it("of referrers whose entries are none is refused", async () => {
    registry.rule({ on: /referrers/, reply: answer(200, {}, '{"manifests":[{}]}') });
    const failed = open().capabilities.referrers(blob.digest);
    await expect(failed).rejects.toMatchObject({ code: "invalid-descriptor" });
  });
});
