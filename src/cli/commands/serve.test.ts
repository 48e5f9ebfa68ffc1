// SPDX-License-Identifier: MIT
import { statSync, writeFileSync } from "node:fs";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createProject, type Project, type Ran } from "../../../test/fixtures/project.ts";
import { digestBytes } from "../../bytes/hash.ts";
import { formatJson } from "../../oci/json.ts";
import { MediaType } from "../../oci/media-types.ts";
import { askRegistry } from "../../testing/ask-registry.ts";

let project: Project;

beforeEach(async () => {
  project = await createProject();
});
afterEach(() => project.remove());

/** Runs `serve` with these flags until `work` is done. */
async function whileServing(
  flags: readonly string[],
  work: (url: string) => Promise<void>,
): Promise<Ran> {
  const ending = new AbortController();
  let worked: Promise<void> | undefined;
  const onOutput = (text: string): void => {
    const { url } = JSON.parse(text) as { url: string };
    worked = work(url).finally(() => ending.abort(new Error("enough")));
  };
  const options = { signal: ending.signal, onOutput };
  const ran = await project.runWith(options, "serve", "--port", "0", "--json", ...flags);
  await worked;
  return ran;
}

const type = { "content-type": MediaType.index };
const indexOf = (padding: number): Uint8Array =>
  formatJson({
    schemaVersion: 2,
    mediaType: MediaType.index,
    manifests: [],
    annotations: { padding: "x".repeat(padding) },
  });

describe("serve --limit", () => {
  it("enforces a lowered limit", async () => {
    const small = indexOf(1);
    const large = indexOf(1000);
    const ran = await whileServing(["--limit", "documentBytes=900"], async (url) => {
      const put = (body: Uint8Array) => askRegistry(url, "PUT", "/v2/a/manifests/1", body, type);
      expect((await put(small)).status).toBe(201);
      const { status, text } = await put(large);
      expect(status).toBe(413);
      expect(text).toContain("expected at most 900 bytes");
    });
    expect(ran.status).toBe(0);
  });

  it("accepts and returns what only a raised limit allows, also after a restart", async () => {
    const body = indexOf(5 * 1024 * 1024);
    const flags = ["--limit", "documentBytes=8MiB"];
    await whileServing(flags, async (url) => {
      for (let twice = 0; twice < 2; twice += 1) {
        const { status } = await askRegistry(url, "PUT", "/v2/a/manifests/1", body, type);
        expect(status).toBe(201);
      }
    });
    await whileServing(flags, async (url) => {
      for (const name of ["1", digestBytes(body)]) {
        const got = await askRegistry(url, "GET", `/v2/a/manifests/${name}`);
        expect(got.status).toBe(200);
        expect(digestBytes(got.body)).toBe(digestBytes(body));
      }
    });
  });
});

describe("a stored blob that was overwritten with zeros while serve runs", () => {
  it("exists for HEAD and for a mount, fails when it is read, and is found by verify", async () => {
    const content = new TextEncoder().encode("a layer");
    const digest = digestBytes(content);
    const blob = `out/registry/blobs/${digest.replace(":", "/")}`;
    await whileServing([], async (url) => {
      const push = `/v2/a/blobs/uploads/?digest=${digest}`;
      expect((await askRegistry(url, "POST", push, content)).status).toBe(201);
      writeFileSync(blob, new Uint8Array(statSync(blob).size));
      expect((await askRegistry(url, "HEAD", `/v2/a/blobs/${digest}`)).status).toBe(200);
      const mount = `/v2/b/blobs/uploads/?mount=${digest}&from=a`;
      expect((await askRegistry(url, "POST", mount)).status).toBe(201);
      await expect(askRegistry(url, "GET", `/v2/a/blobs/${digest}`)).rejects.toThrow();
    });
    const verified = await project.json("verify", "oci:out/registry");
    expect(verified.status).toBe(2);
    expect(verified.document).toMatchObject({ findings: [{ code: "damaged", digest }] });
  });

  it("is explained in the help of serve, with the command that finds it", async () => {
    const { stdout } = await project.run("serve", "--help");
    const text = stdout.replaceAll(/\s+/g, " ");
    expect(text).toContain("kept its size counts as there until it is read");
    expect(text).toContain("oci-kit verify oci:DIR reads all of it");
  });
});
