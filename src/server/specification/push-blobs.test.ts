// SPDX-License-Identifier: MIT
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { digestBytes } from "../../bytes/hash.ts";
import type { DigestAlgorithm } from "../../oci/digest.ts";
import { askRaw } from "../../testing/ask-raw.ts";
import type { RegistryAnswer } from "../../testing/ask-registry.ts";
import { registryClient } from "../../testing/registry-client.ts";
import { serveRegistry, type RegistryServer } from "../serve.ts";

// distribution-spec, "Pushing blobs"

let directory: string;
let server: RegistryServer;
const client = registryClient(() => server.url);
beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), "oci-kit-test-"));
  server = await serveRegistry({ directory });
});
afterEach(async () => {
  await server.close();
  rmSync(directory, { recursive: true });
});

const content = new TextEncoder().encode("0123456789");
const begin = async (query = ""): Promise<string> => {
  const { status, headers } = await client.ask("POST", `/v2/a/blobs/uploads/${query}`);
  expect(status).toBe(202);
  return String(headers["location"]);
};

/** All forms of an upload. Each ends with the digest that it is given. */
const FORMS: Readonly<
  Record<
    string,
    (digest: string, algorithm: DigestAlgorithm, body?: Uint8Array) => Promise<RegistryAnswer>
  >
> = {
  "one POST": (digest, _, body = content) =>
    client.ask("POST", `/v2/a/blobs/uploads/?digest=${digest}`, body),
  "POST and PUT": async (digest, _, body = content) =>
    client.ask("PUT", `${await begin()}?digest=${digest}`, body),
  "a stream in one PATCH": async (digest, _, body = content) => {
    const location = await begin();
    expect((await client.ask("PATCH", location, body)).status).toBe(202);
    return client.ask("PUT", `${location}?digest=${digest}`);
  },
  "chunks after a POST that says the algorithm": async (digest, algorithm, body = content) => {
    const location = await begin(`?digest-algorithm=${algorithm}`);
    await client.ask("PATCH", location, body.subarray(0, 4), { "content-range": "0-3" });
    await client.ask("PATCH", location, body.subarray(4, 8), { "content-range": "4-7" });
    const last = { "content-range": "8-9" };
    return client.ask("PUT", `${location}?digest=${digest}`, body.subarray(8), last);
  },
  "chunks after a POST that does not": async (digest, _, body = content) => {
    const location = await begin();
    await client.ask("PATCH", location, body.subarray(0, 4));
    await client.ask("PATCH", location, body.subarray(4));
    return client.ask("PUT", `${location}?digest=${digest}`);
  },
  "chunks after a POST that says another algorithm": async (digest, algorithm, body = content) => {
    const location = await begin(
      `?digest-algorithm=${algorithm === "sha256" ? "sha512" : "sha256"}`,
    );
    await client.ask("PATCH", location, body);
    return client.ask("PUT", `${location}?digest=${digest}`);
  },
  "a PUT in transfer chunks": async (digest, _, body = content) => {
    const head = [
      `PUT ${await begin()}?digest=${digest} HTTP/1.1`,
      "Host: localhost",
      "Transfer-Encoding: chunked",
      "Connection: close",
    ];
    const text = new TextDecoder().decode(body);
    const answer = await askRaw(server, [...head, "", "a", text, "0", "", ""].join("\r\n"));
    const status = Number(/^HTTP\/1.1 (\d+)/.exec(answer)?.[1]);
    const location = /^location: (.*)\r$/im.exec(answer)?.[1];
    const told = /^docker-content-digest: (.*)\r$/im.exec(answer)?.[1];
    const code = /"code":"(\w+)"/.exec(answer)?.[1];
    const headers = { location, "docker-content-digest": told };
    return { status, headers, code, body: new Uint8Array(), text: answer };
  },
};
const ALL = (["sha256", "sha512"] as const).flatMap((algorithm) =>
  Object.keys(FORMS).map((form) => [algorithm, form] as const),
);

describe.each(ALL)("a %s blob in %s", (algorithm, form) => {
  const digest = digestBytes(content, algorithm);

  it("is there afterwards, at the location and under the digest that the answer says", async () => {
    const { status, headers } = await FORMS[form]!(digest, algorithm);
    expect([status, headers["docker-content-digest"]]).toEqual([201, digest]);
    const found = await client.ask("GET", String(headers["location"]));
    expect([found.status, found.text]).toEqual([200, "0123456789"]);
  });

  it("of other bytes is refused, and leaves nothing", async () => {
    const { status, code } = await FORMS[form]!(digest, algorithm, content.toReversed());
    expect([status, code]).toEqual([400, "DIGEST_INVALID"]);
    expect((await client.ask("HEAD", `/v2/a/blobs/${digest}`)).status).toBe(404);
    expect(readdirSync(directory).sort()).toEqual(["blobs", "index.json", "oci-layout"]);
  });
});

describe("an upload", () => {
  it("has a relative location of its own, and no bytes at first", async () => {
    const [first, second] = [await begin(), await begin()];
    expect(first).toMatch(/^\/v2\/a\/blobs\/uploads\/[0-9a-f-]{36}$/);
    expect(first).not.toBe(second);
    const status = await client.ask("GET", first);
    expect([status.status, status.headers["location"]]).toEqual([204, first]);
  });

  it.each(["md5", "SHA512", "", "../x"])(
    "with the digest-algorithm %j is refused",
    async (name) => {
      const refused = await client.ask("POST", `/v2/a/blobs/uploads/?digest-algorithm=${name}`);
      expect([refused.status, refused.code]).toEqual([400, "DIGEST_INVALID"]);
    },
  );

  it.each([
    ["", "no digest"],
    ["x", "no valid digest"],
    [`md5:${"0".repeat(32)}`, "an unknown digest"],
  ])("ended with %j (%s) is refused, and can still be ended", async (digest) => {
    const location = await begin();
    await client.ask("PATCH", location, content);
    const refused = await client.ask("PUT", `${location}?digest=${digest}`);
    expect([refused.status, refused.code]).toEqual([400, "DIGEST_INVALID"]);
    const end = await client.ask("PUT", `${location}?digest=${digestBytes(content)}`);
    expect(end.status).toBe(201);
  });

  it("refuses a chunk out of order with 416, says where it stands, and goes on from there", async () => {
    const location = await begin();
    const part = (bytes: Uint8Array, range: string): Promise<RegistryAnswer> =>
      client.ask("PATCH", location, bytes, { "content-range": range });
    const early = await part(content.subarray(4), "4-9");
    expect(early.status).toBe(416);
    expect((await part(content.subarray(0, 4), "0-3")).headers["range"]).toBe("0-3");
    for (const [bytes, range] of [
      [content.subarray(0, 4), "0-3"],
      [content.subarray(6), "6-9"],
      [content.subarray(4), "4-5"],
      [content.subarray(4), "nonsense"],
    ] as const) {
      const refused = await part(bytes, range);
      expect([range, refused.status, refused.code]).toEqual([range, 416, "BLOB_UPLOAD_INVALID"]);
      expect([refused.headers["location"], refused.headers["range"]]).toEqual([location, "0-3"]);
    }
    const late = await client.ask("PUT", `${location}?digest=${digestBytes(content)}`, content, {
      "content-range": "0-9",
    });
    expect(late.status).toBe(416);
    expect((await part(content.subarray(4), "4-9")).status).toBe(202);
    const end = await client.ask("PUT", `${location}?digest=${digestBytes(content)}`);
    expect(end.status).toBe(201);
  });
});

describe("a mount", () => {
  const digest = digestBytes(content);
  const mount = (query: string): Promise<RegistryAnswer> =>
    client.ask("POST", `/v2/b/blobs/uploads/?mount=${digest}${query}`);
  beforeEach(() => client.pushBlob("a", content));

  it("takes over a blob of the repository that it names", async () => {
    const { status, headers } = await mount("&from=a");
    expect([status, headers["location"]]).toEqual([201, `/v2/b/blobs/${digest}`]);
    expect((await client.ask("GET", `/v2/b/blobs/${digest}`)).text).toBe("0123456789");
    await client.ask("DELETE", `/v2/a/blobs/${digest}`);
    expect((await client.ask("GET", `/v2/b/blobs/${digest}`)).status).toBe(200);
  });

  it.each(["", "&from=", "&from=c", "&from=b", "&from=../a", "&from=A"])(
    "%j starts an upload, whatever other repositories have",
    async (query) => {
      const { status, headers } = await mount(query);
      expect(status).toBe(202);
      expect((await client.ask("HEAD", `/v2/b/blobs/${digest}`)).status).toBe(404);
      const end = await client.ask(
        "PUT",
        `${String(headers["location"])}?digest=${digest}`,
        content,
      );
      expect(end.status).toBe(201);
    },
  );

  it("of a digest that is none is refused", async () => {
    const refused = await client.ask("POST", "/v2/b/blobs/uploads/?mount=x&from=a");
    expect([refused.status, refused.code]).toEqual([400, "DIGEST_INVALID"]);
  });
});
