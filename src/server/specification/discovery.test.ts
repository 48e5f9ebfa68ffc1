// SPDX-License-Identifier: MIT
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { digestBytes } from "../../bytes/hash.ts";
import type { Digest } from "../../oci/digest.ts";
import type { Descriptor } from "../../oci/documents/descriptor.ts";
import { MediaType } from "../../oci/media-types.ts";
import {
  describeDocument,
  imageOf,
  indexOf,
  registryClient,
} from "../../testing/registry-client.ts";
import { serveRegistry, type RegistryServer, type ServeOptions } from "../serve.ts";

// distribution-spec, "Content Discovery"

let directory: string;
let server: RegistryServer;
const client = registryClient(() => server.url);
async function start(options: Partial<ServeOptions> = {}): Promise<void> {
  server = await serveRegistry({ directory, ...options });
}
beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), "oci-kit-test-"));
  await start();
});
afterEach(async () => {
  await server.close();
  rmSync(directory, { recursive: true });
});

describe("the list of tags", () => {
  const TAGS = ["B", "a", "b", "c", "v1"];
  beforeEach(async () => {
    const digest = digestBytes(imageOf("x"));
    await client.pushImage("a", digest, "x");
    await client.putManifest(
      "a",
      `${digest}?${TAGS.map((tag) => `tag=${tag}`).join("&")}`,
      imageOf("x"),
    );
  });
  const list = async (query: string): Promise<[readonly string[], unknown]> => {
    const { status, text, headers } = await client.ask("GET", `/v2/a/tags/list${query}`);
    expect(status).toBe(200);
    const { name, tags } = JSON.parse(text) as { name: string; tags: string[] };
    expect(name).toBe("a");
    return [tags, headers["link"]];
  };

  it("is in the order of ASCII, and has no link when it is whole", async () => {
    expect(await list("")).toEqual([TAGS, undefined]);
    expect(await list("?n=5")).toEqual([TAGS, undefined]);
    expect(await list("?n=1000")).toEqual([TAGS, undefined]);
  });

  it("is empty, without a link, for n=0", async () => {
    expect(await list("?n=0")).toEqual([[], undefined]);
    expect(await list("?n=0&last=a")).toEqual([[], undefined]);
  });

  it("goes on after the last tag of a page, also one that is gone", async () => {
    expect(await list("?n=2")).toEqual([["B", "a"], '</v2/a/tags/list?last=a&n=2>; rel="next"']);
    expect(await list("?n=2&last=c")).toEqual([["v1"], undefined]);
    expect(await list("?last=aa")).toEqual([["b", "c", "v1"], undefined]);
    expect(await list("?last=zzz")).toEqual([[], undefined]);
  });

  it("of more tags than anyone gets at once is cut, whatever was asked for", async () => {
    expect(await list(`?n=${"9".repeat(15)}`)).toEqual([TAGS, undefined]);
  });

  it.each(["-1", "x", "1.5", "", "1e3", "9".repeat(16)])("refuses n=%j", async (count) => {
    const refused = await client.ask("GET", `/v2/a/tags/list?n=${count}`);
    expect([refused.status, refused.code]).toEqual([400, "UNSUPPORTED"]);
  });

  it("of an unknown repository is 404, and of one without tags it is empty", async () => {
    const unknown = await client.ask("GET", "/v2/none/tags/list");
    expect([unknown.status, unknown.code]).toEqual([404, "NAME_UNKNOWN"]);
    await client.pushBlob("blobs/only", new Uint8Array(3));
    const empty = await client.ask("GET", "/v2/blobs/only/tags/list");
    expect([empty.status, empty.text]).toEqual([200, '{"name":"blobs/only","tags":[]}']);
  });

  it("answers HEAD like GET", async () => {
    const get = await client.ask("GET", "/v2/a/tags/list?n=2");
    const head = await client.ask("HEAD", "/v2/a/tags/list?n=2");
    expect(head.headers["content-length"]).toBe(String(get.body.length));
    expect([head.headers["link"], head.body.length]).toEqual([get.headers["link"], 0]);
  });
});

describe("the list of referrers", () => {
  let subject: Descriptor;
  beforeEach(async () => {
    subject = await client.pushImage("a", "v1");
  });
  const push = async (fields: object, note = "note"): Promise<Descriptor> => {
    const bytes = imageOf(note, { subject, ...fields });
    const put = await client.putManifest("a", digestBytes(bytes), bytes);
    expect([put.status, put.headers["oci-subject"]]).toEqual([201, subject.digest]);
    return describeDocument(bytes);
  };
  const ask = (
    name = "a",
    query = "",
    digest: string = subject.digest,
  ): ReturnType<typeof client.ask> => client.ask("GET", `/v2/${name}/referrers/${digest}${query}`);
  const list = async (...rest: Parameters<typeof ask>): Promise<readonly Descriptor[]> => {
    const { status, text, headers } = await ask(...rest);
    expect([status, headers["content-type"]]).toEqual([200, MediaType.index]);
    const index = JSON.parse(text) as { schemaVersion: number; manifests: Descriptor[] };
    expect(index).toMatchObject({ schemaVersion: 2, mediaType: MediaType.index });
    return index.manifests;
  };

  it("has type and annotations, and the config's type where a manifest has none of its own", async () => {
    const typed = await push({ artifactType: "x/sbom" });
    const plain = await push({}, "plain");
    const empty = await push({ artifactType: "" }, "empty");
    const bytes = indexOf([], { subject, annotations: { of: "index" } });
    await client.putManifest("a", "index", bytes);
    const untyped = describeDocument(bytes);
    const expected = [
      { ...typed, artifactType: "x/sbom", annotations: { note: "note" } },
      { ...plain, artifactType: MediaType.config, annotations: { note: "plain" } },
      { ...empty, artifactType: MediaType.config, annotations: { note: "empty" } },
      { ...untyped, annotations: { of: "index" } },
    ].sort((a, b) => (a.digest < b.digest ? -1 : 1));
    expect(await list()).toEqual(expected);
  });

  it("can be filtered by type, and says so", async () => {
    const typed = await push({ artifactType: "x/sbom" });
    await push({ artifactType: "x/sig" }, "sig");
    const { headers } = await ask("a", "?artifactType=x/sbom");
    expect(headers["oci-filters-applied"]).toBe("artifactType");
    expect((await ask()).headers["oci-filters-applied"]).toBeUndefined();
    expect((await list("a", "?artifactType=x/sbom")).map(({ digest }) => digest)).toEqual([
      typed.digest,
    ]);
    expect(await list("a", "?artifactType=x/none")).toEqual([]);
  });

  it("is empty, never 404, where there are none; and 400 for what is no digest", async () => {
    expect(await list()).toEqual([]);
    expect(await list("none")).toEqual([]);
    expect(await list("a", "", `sha256:${"0".repeat(64)}`)).toEqual([]);
    const refused = await ask("a", "", "sha256:zz");
    expect([refused.status, refused.code]).toEqual([400, "DIGEST_INVALID"]);
  });

  it("is of one repository", async () => {
    await push({});
    await client.pushImage("b", "v1");
    expect(await list("b")).toEqual([]);
  });

  it("loses a referrer that is deleted, and keeps those of a subject that is", async () => {
    const [one, two] = [await push({}, "one"), await push({}, "two")];
    await client.ask("DELETE", `/v2/a/manifests/${one.digest}`);
    await client.ask("DELETE", `/v2/a/manifests/${subject.digest}`);
    expect((await list()).map(({ digest }) => digest)).toEqual([two.digest]);
  });

  it.each(["sha256", "sha512"] as const)(
    "includes what an older client recorded under the %s referrers tag",
    async (algorithm) => {
      const about = describeDocument(imageOf("v1"), algorithm);
      const push = async (bytes: Uint8Array): Promise<Descriptor> => {
        await client.putManifest("a", digestBytes(bytes), bytes);
        return describeDocument(bytes);
      };
      const note = await push(imageOf("note", { subject: about }));
      const other = await push(imageOf("of something else"));
      // As if the registry had kept no referrers when the note was pushed.
      const [, hex] = about.digest.split(":");
      rmSync(join(directory, "repositories/a/_referrers"), { recursive: true });
      expect(await list("a", "", about.digest)).toEqual([]);
      const tag = `${algorithm}-${hex!.slice(0, 64)}`;
      expect((await client.putManifest("a", tag, indexOf([note, other]))).status).toBe(201);
      expect((await list("a", "", about.digest)).map(({ digest }) => digest)).toEqual([
        note.digest,
      ]);
    },
  );

  it("is not disturbed by a referrers tag that names something else", async () => {
    const note = await push({});
    await client.putManifest("a", subject.digest.replace(":", "-"), imageOf("v1"));
    expect((await list()).map(({ digest }) => digest)).toEqual([note.digest]);
  });

  it("comes in pages when it is large, each with the filter of the first", async () => {
    await server.close();
    await start({ limits: { documentBytes: 4_000 } });
    const pushed: Digest[] = [];
    for (let at = 0; at < 12; at += 1) {
      const fields = { artifactType: "x/sbom", annotations: { at: `${at}`.padStart(500) } };
      pushed.push((await push(fields)).digest);
    }
    const found: Digest[] = [];
    let pages = 0;
    for (
      let path = `/v2/a/referrers/${subject.digest}?artifactType=x/sbom`;
      path !== "";
      pages += 1
    ) {
      const { text, headers } = await client.ask("GET", path);
      found.push(
        ...(JSON.parse(text) as { manifests: Descriptor[] }).manifests.map(({ digest }) => digest),
      );
      path = /^<(.*)>; rel="next"$/.exec(String(headers["link"] ?? ""))?.[1] ?? "";
      if (path !== "") expect(path).toContain("artifactType=x%2Fsbom");
    }
    expect(pages).toBeGreaterThan(2);
    expect(found).toEqual(pushed.sort());
  });
});

describe("the catalog", () => {
  it("names repositories that have tags or manifests, in pages", async () => {
    await client.pushImage("b", "v1");
    await client.pushImage("a/x", digestBytes(imageOf("x")), "x");
    await client.pushBlob("blobs/only", new Uint8Array(3));
    const all = await client.ask("GET", "/v2/_catalog");
    expect(JSON.parse(all.text)).toEqual({ repositories: ["a/x", "b"] });
    const first = await client.ask("GET", "/v2/_catalog?n=1");
    expect(first.headers["link"]).toBe('</v2/_catalog?last=a%2Fx&n=1>; rel="next"');
    const second = await client.ask("GET", "/v2/_catalog?n=1&last=a%2Fx");
    expect(JSON.parse(second.text)).toEqual({ repositories: ["b"] });
  });
});

it("the list of manifests, which is our own, has those without a tag too", async () => {
  const tagged = await client.pushImage("a", "v1");
  const bytes = imageOf("note", { subject: tagged });
  await client.putManifest("a", digestBytes(bytes), bytes);
  const { status, text } = await client.ask("GET", "/v2/a/_oci-kit/manifests/list");
  const told = JSON.parse(text) as { manifests: (Descriptor & { since: string })[] };
  expect(status).toBe(200);
  const since = expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/) as string;
  expect(told.manifests).toEqual(
    [
      { ...tagged, since },
      { ...describeDocument(bytes), since, subject: tagged.digest },
    ].sort((a, b) => (a.digest < b.digest ? -1 : 1)),
  );
  const one = await client.ask("GET", `/v2/a/_oci-kit/manifests/list?digest=${tagged.digest}`);
  expect((JSON.parse(one.text) as { manifests: Descriptor[] }).manifests).toHaveLength(1);
  expect((await client.ask("GET", "/v2/none/_oci-kit/manifests/list")).code).toBe("NAME_UNKNOWN");
});
