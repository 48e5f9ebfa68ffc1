// SPDX-License-Identifier: MIT
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openFaulty } from "../../../test/fixtures/faulty-repository.ts";
import {
  keepManifests,
  listedUnder,
  type PlainRegistry,
} from "../../../test/fixtures/plain-registry.ts";
import { sourceOf } from "../../bytes/bytes.ts";
import { describe as describeBytes } from "../../bytes/describe-content.ts";
import { digestBytes } from "../../bytes/hash.ts";
import type { Descriptor } from "../../oci/documents/descriptor.ts";
import { formatJson } from "../../oci/json.ts";
import { MediaType } from "../../oci/media-types.ts";
import { answer, startFaultyRegistry, type FaultyRegistry } from "../../testing/faulty-registry.ts";
import { formatReferrersTag } from "./referrers-tag.ts";

let registry: FaultyRegistry;
let plain: PlainRegistry;
beforeEach(async () => {
  registry = await startFaultyRegistry();
  plain = keepManifests(registry);
});
afterEach(async () => {
  await registry.close();
});

const empty = { mediaType: MediaType.empty, digest: digestBytes(new Uint8Array(2)), size: 2 };
const image = formatJson({
  schemaVersion: 2,
  mediaType: MediaType.manifest,
  config: empty,
  layers: [],
});
const subject = describeBytes(MediaType.manifest, image);
const TAG = formatReferrersTag(subject.digest);

interface Artifact {
  readonly descriptor: Descriptor;
  readonly bytes: Uint8Array;
}

function artifact(more: Readonly<Record<string, unknown>> = {}): Artifact {
  const value = { schemaVersion: 2, mediaType: MediaType.manifest, config: empty, layers: [] };
  const bytes = formatJson({ ...value, artifactType: "a/sig", subject, ...more });
  return { descriptor: describeBytes(MediaType.manifest, bytes), bytes };
}

/** A number as annotations, so that each artifact is another. */
const numbered = (at: number): Artifact => artifact({ annotations: { at: String(at) } });
const push = ({ descriptor, bytes }: Artifact): Promise<void> =>
  openFaulty(registry).push(descriptor, sourceOf(bytes));
const list = (type?: string): Promise<readonly Descriptor[]> =>
  openFaulty(registry).capabilities.referrers(subject.digest, type);
const remove = ({ descriptor }: Artifact): Promise<void> =>
  openFaulty(registry).capabilities.remove(descriptor.digest);
const putIndex = (tag: string, value: object): void => {
  const bytes = formatJson({ schemaVersion: 2, mediaType: MediaType.index, ...value });
  plain.manifests.set(digestBytes(bytes), { type: MediaType.index, bytes });
  plain.tags.set(tag, digestBytes(bytes));
};

it("the tag for referrers has at most 64 characters of the digest", () => {
  const hex = "0123456789abcdef".repeat(8);
  expect(formatReferrersTag(subject.digest)).toBe(subject.digest.replace(":", "-"));
  expect(formatReferrersTag(`sha512:${hex}` as Descriptor["digest"])).toBe(
    `sha512-${hex.slice(0, 64)}`,
  );
});

describe("where the registry keeps no list of referrers,", () => {
  it.each([400, 401, 403, 404, 405, 406, 410, 501])(
    "which it says with status %d, a pushed one is found again",
    async (status) => {
      registry.rule({ on: /referrers/, reply: answer(status) });
      const one = numbered(1);
      await push(one);
      expect(await list()).toEqual([
        { ...one.descriptor, artifactType: "a/sig", annotations: { at: "1" } },
      ]);
    },
  );

  it.each(["<html>", "Not here", '{"errors":[]}'])(
    "which it says with a page, %j, a pushed one is found again",
    async (page) => {
      registry.rule({ on: /referrers/, reply: answer(200, {}, page) });
      await push(numbered(1));
      expect(await list()).toHaveLength(1);
    },
  );

  it("one is listed once, however often it is pushed and tagged", async () => {
    const one = numbered(1);
    await push(one);
    await push(one);
    await openFaulty(registry).tag(one.descriptor, "sig");
    expect(listedUnder(plain, TAG)).toEqual([one.descriptor.digest]);
  });

  it("none is lost when many are pushed at a time", async () => {
    const store = openFaulty(registry);
    const all = Array.from({ length: 12 }, (_, at) => numbered(at));
    await Promise.all(all.map(({ descriptor, bytes }) => store.push(descriptor, sourceOf(bytes))));
    expect([...(listedUnder(plain, TAG) ?? [])].sort()).toEqual(
      all.map(({ descriptor }) => descriptor.digest).sort(),
    );
  });

  it("an edit that another client overwrote is made again", async () => {
    let puts = 0;
    plain.onPut = (reference) => {
      if (reference !== TAG) return;
      puts += 1;
      if (puts === 1) putIndex(TAG, { manifests: [numbered(7).descriptor] });
    };
    await push(numbered(1));
    const listed = [numbered(7), numbered(1)].map(({ descriptor }) => descriptor.digest);
    expect(listedUnder(plain, TAG)).toEqual(listed);
  });

  it("an edit that is always lost is an error", async () => {
    plain.onPut = (reference) => {
      if (reference === TAG) putIndex(TAG, { manifests: [] });
    };
    await expect(push(numbered(1))).rejects.toMatchObject({ code: "registry-refused" });
  });

  it("what the list says besides is kept", async () => {
    const strange = { mediaType: "x/y", digest: digestBytes(image), size: 3, extra: 1 };
    putIndex(TAG, { annotations: { kept: "yes" }, other: [1], manifests: [strange] });
    await push(numbered(1));
    const { bytes } = plain.manifests.get(plain.tags.get(TAG)!)!;
    expect(JSON.parse(new TextDecoder().decode(bytes))).toMatchObject({
      annotations: { kept: "yes" },
      other: [1],
      manifests: [strange, { digest: numbered(1).descriptor.digest }],
    });
  });

  it("an image that has the tag is not overwritten, and not taken for a list", async () => {
    plain.manifests.set(subject.digest, { type: MediaType.manifest, bytes: image });
    const other = artifact({ subject: undefined, annotations: { other: "yes" } });
    plain.manifests.set(other.descriptor.digest, { type: MediaType.manifest, bytes: other.bytes });
    plain.tags.set(TAG, other.descriptor.digest);
    expect(await list()).toEqual([]);
    await expect(push(numbered(1))).rejects.toMatchObject({ code: "already-exists" });
    expect(plain.tags.get(TAG)).toBe(other.descriptor.digest);
  });
});

describe("a list of referrers under a tag", () => {
  const index = formatJson({
    schemaVersion: 2,
    mediaType: MediaType.index,
    manifests: [{ ...subject, platform: { os: "linux", architecture: "amd64" } }],
  });
  const family = describeBytes(MediaType.index, index);
  const tag = formatReferrersTag(family.digest);
  const listFamily = (): Promise<readonly Descriptor[]> =>
    openFaulty(registry).capabilities.referrers(family.digest);

  it("is not the subject itself, though some registries take the tag for its digest", async () => {
    plain.manifests.set(family.digest, { type: MediaType.index, bytes: index });
    plain.tags.set(tag, family.digest);
    expect(await listFamily()).toEqual([]);
    const one = artifact({ subject: family });
    await push(one);
    expect(listedUnder(plain, tag)).toEqual([one.descriptor.digest]);
  });

  it("lists no images of some other index that has the tag", async () => {
    plain.manifests.set(subject.digest, { type: MediaType.manifest, bytes: image });
    putIndex(tag, {
      manifests: [subject, { ...empty, mediaType: "x/blob" }],
      annotations: { a: "" },
    });
    expect(await listFamily()).toEqual([]);
  });

  it("lists what is not said to be an artifact when it speaks of the subject", async () => {
    const one = artifact({ artifactType: undefined });
    plain.manifests.set(one.descriptor.digest, { type: MediaType.manifest, bytes: one.bytes });
    const gone = numbered(9).descriptor;
    putIndex(TAG, { manifests: [one.descriptor, gone] });
    expect(await list()).toEqual([{ ...one.descriptor, artifactType: MediaType.empty }]);
    expect(await list(MediaType.empty)).toHaveLength(1);
    expect(await list("a/sig")).toEqual([]);
  });

  it("may be empty in all ways", async () => {
    putIndex(TAG, { manifests: null });
    expect(await list()).toEqual([]);
    await push(numbered(1));
    expect(await list()).toHaveLength(1);
  });
});

describe("a referrer that is removed", () => {
  it("is taken off the list, and the last one takes the list with it", async () => {
    await push(numbered(1));
    await push(numbered(2));
    await remove(numbered(1));
    expect(listedUnder(plain, TAG)).toEqual([numbered(2).descriptor.digest]);
    await remove(numbered(2));
    expect([...plain.tags.keys()]).toEqual([]);
    expect(await list()).toEqual([]);
  });

  it("leaves an empty list where the registry deletes no index", async () => {
    await push(numbered(1));
    const listDigest = plain.tags.get(TAG)!;
    registry.rule({ on: `DELETE /v2/a/b/manifests/${listDigest}`, reply: answer(405) });
    await remove(numbered(1));
    expect(listedUnder(plain, TAG)).toEqual([]);
  });

  it("may be a blob, for whose digest distribution answers with status 500 when asked for a manifest", async () => {
    const path = `/v2/a/b/manifests/${empty.digest}`;
    registry.rule(
      { on: `GET ${path}`, reply: answer(500) },
      { on: `DELETE ${path}`, reply: answer(404) },
      { on: `DELETE /v2/a/b/blobs/${empty.digest}`, reply: answer(202) },
    );
    await openFaulty(registry).capabilities.remove(empty.digest);
    expect(registry.requests.map(({ method }) => method)).toEqual(["GET", "DELETE", "DELETE"]);
  });

  it("that is not there, or speaks of nothing, changes no list", async () => {
    await push(numbered(1));
    await remove(numbered(2));
    plain.manifests.set(subject.digest, { type: MediaType.manifest, bytes: image });
    await openFaulty(registry).capabilities.remove(subject.digest);
    expect(listedUnder(plain, TAG)).toHaveLength(1);
  });
});

describe("where the registry keeps the list of referrers,", () => {
  it("no tag is written, whether it says so at once or only when it is asked", async () => {
    const one = numbered(1);
    const put = `PUT /v2/a/b/manifests/${one.descriptor.digest}`;
    registry.rule({ on: put, times: 1, reply: answer(201, { "oci-subject": subject.digest }) });
    await push(one);
    const body = JSON.stringify({ manifests: [one.descriptor] });
    registry.rule({ on: /referrers/, reply: answer(200, {}, body) });
    await push(one);
    expect([...plain.tags.keys()]).toEqual([]);
  });

  it("a removed one is not struck off by us", async () => {
    const one = numbered(1);
    await push(one);
    registry.rule({ on: /referrers/, reply: answer(200, {}, '{"manifests":[]}') });
    await remove(one);
    expect(listedUnder(plain, TAG)).toHaveLength(1);
  });

  it.each([429, 500, 503])(
    "its trouble (status %d) is not taken for an empty list",
    async (status) => {
      registry.rule({ on: /referrers/, reply: answer(status, { "retry-after": "0" }) });
      await expect(list()).rejects.toMatchObject({ status });
    },
  );

  it("a second page that is refused is not taken for the end", async () => {
    const link = `</v2/a/b/referrers/${subject.digest}?p=2>; rel="next"`;
    registry.rule(
      { on: /referrers.*p=2/, reply: answer(404) },
      { on: /referrers/, reply: answer(200, { link }, '{"manifests":[]}') },
    );
    await expect(list()).rejects.toMatchObject({ code: "not-found" });
  });
});
