// SPDX-License-Identifier: MIT
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { digestBytes } from "../../bytes/hash.ts";
import type { Descriptor } from "../../oci/documents/descriptor.ts";
import { openLayout } from "../../store/layout/layout.ts";
import {
  describeDocument,
  imageOf,
  indexOf,
  LAYER,
  registryClient,
} from "../../testing/registry-client.ts";
import { serveRegistry, type RegistryServer } from "../serve.ts";

// distribution-spec, "Content Management", "Error Codes"

let directory: string;
let server: RegistryServer;
let image: Descriptor;
const client = registryClient(() => server.url);
beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), "oci-kit-test-"));
  server = await serveRegistry({ directory });
  image = await client.pushImage("a", "v1");
});
afterEach(async () => {
  await server.close();
  rmSync(directory, { recursive: true });
});

const remove = async (path: string, headers = {}): Promise<unknown[]> => {
  const { status, code } = await client.ask("DELETE", `/v2/a/${path}`, undefined, headers);
  return code === undefined ? [status] : [status, code];
};
const status = async (path: string): Promise<number> =>
  (await client.ask("GET", `/v2/a/${path}`)).status;

describe("deleting a tag", () => {
  it("leaves the manifest and its other tags", async () => {
    await client.putManifest("a", "v2", imageOf("v1"));
    expect(await remove("manifests/v1")).toEqual([202]);
    expect(await status("manifests/v1")).toBe(404);
    expect(await status("manifests/v2")).toBe(200);
    expect(await status(`manifests/${image.digest}`)).toBe(200);
    expect(await remove("manifests/v1")).toEqual([404, "MANIFEST_UNKNOWN"]);
  });

  it("with a bare name, as other tools write it, takes that name", async () => {
    await (await openLayout(directory)).tag(image, "bare");
    const { text } = await client.ask("GET", "/v2/_catalog");
    const [name] = (JSON.parse(text) as { repositories: string[] }).repositories.filter(
      (one) => one !== "a",
    );
    expect((await client.ask("DELETE", `/v2/${name}/manifests/bare`)).status).toBe(202);
    expect((await client.ask("GET", `/v2/${name}/manifests/bare`)).status).toBe(404);
    expect(await status("manifests/v1")).toBe(200);
  });
});

describe("deleting a manifest", () => {
  it("takes all its tags, and leaves its blobs", async () => {
    await client.putManifest("a", "v2", imageOf("v1"));
    expect(await remove(`manifests/${image.digest}`)).toEqual([202]);
    for (const reference of ["v1", "v2", image.digest]) {
      expect(await status(`manifests/${reference}`)).toBe(404);
    }
    expect(await status(`blobs/${digestBytes(LAYER)}`)).toBe(200);
    expect(await remove(`manifests/${image.digest}`)).toEqual([404, "MANIFEST_UNKNOWN"]);
  });

  it("that an index names leaves the index", async () => {
    await client.putManifest("a", "all", indexOf([image]));
    expect(await remove(`manifests/${image.digest}`)).toEqual([202]);
    expect(await status("manifests/all")).toBe(200);
  });

  it("leaves it in other repositories, and what is mounted or pushed there can be pushed again", async () => {
    await client.pushImage("b", "v1");
    expect(await remove(`manifests/${image.digest}`)).toEqual([202]);
    expect((await client.ask("GET", "/v2/b/manifests/v1")).status).toBe(200);
    await client.pushImage("a", "v1");
    expect(await status("manifests/v1")).toBe(200);
  });

  it("happens only if the reference still names what the client has seen", async () => {
    const condition = { "if-match": `"${describeDocument(imageOf("other")).digest}"` };
    expect(await remove("manifests/v1", condition)).toEqual([412, "DENIED"]);
    expect(await remove("manifests/v1", { "if-match": `"${image.digest}"` })).toEqual([202]);
  });
});

describe("deleting a blob", () => {
  const path = `blobs/${digestBytes(LAYER)}`;

  it("takes it from this repository only", async () => {
    await client.pushImage("b", "v1");
    expect(await remove(path)).toEqual([202]);
    expect(await status(path)).toBe(404);
    expect((await client.ask("GET", `/v2/b/${path}`)).status).toBe(200);
    expect(await remove(path)).toEqual([404, "BLOB_UNKNOWN"]);
  });

  it("does not take a manifest, nor anything of a repository that never had it", async () => {
    expect(await remove(`blobs/${image.digest}`)).toEqual([404, "BLOB_UNKNOWN"]);
    const elsewhere = await client.ask("DELETE", `/v2/never/seen/blobs/${image.digest}`);
    expect([elsewhere.status, elsewhere.code]).toEqual([404, "BLOB_UNKNOWN"]);
    expect(await status("manifests/v1")).toBe(200);
  });
});

it("what was deleted is gone after a restart, too", async () => {
  const blob = `blobs/${digestBytes(LAYER)}`;
  await client.pushImage("a", "v2");
  await remove(blob);
  await remove("manifests/v1");
  await remove(`manifests/${image.digest}`);
  await server.close();
  server = await serveRegistry({ directory });
  expect(await status(blob)).toBe(404);
  expect(await status(`manifests/${image.digest}`)).toBe(404);
  expect((await client.ask("GET", "/v2/a/tags/list")).text).toBe('{"name":"a","tags":["v2"]}');
});

describe("an answer that is an error", () => {
  it.each([
    ["GET", "/v2/a/manifests/none", 404, "MANIFEST_UNKNOWN"],
    ["GET", "/v2/a/blobs/sha256:zz", 400, "DIGEST_INVALID"],
    ["GET", "/v2/A/tags/list", 400, "NAME_INVALID"],
    ["GET", "/v2/none/tags/list", 404, "NAME_UNKNOWN"],
    ["GET", "/v2/a/blobs/uploads/none", 404, "BLOB_UPLOAD_UNKNOWN"],
    ["GET", "/v2/a/nothing", 404, "UNSUPPORTED"],
    ["PUT", "/v2/_catalog", 405, "UNSUPPORTED"],
    ["PUT", "/v2/a/manifests/x", 400, "MANIFEST_INVALID"],
    ["POST", "/v2/a/blobs/uploads/?digest=x", 400, "DIGEST_INVALID"],
    ["DELETE", "/v2/a/manifests/none", 404, "MANIFEST_UNKNOWN"],
  ] as const)("to %s %s has a code of the specification", async (method, path, expected, code) => {
    const answer = await client.ask(method, path);
    expect([answer.status, answer.code]).toEqual([expected, code]);
    expect(answer.headers["content-type"]).toBe("application/json");
    const { errors } = JSON.parse(answer.text) as { errors: { code: string; message: string }[] };
    expect(errors).toHaveLength(1);
    expect(answer.text).not.toContain(directory);
  });
});
