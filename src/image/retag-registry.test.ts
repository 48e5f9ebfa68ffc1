// SPDX-License-Identifier: MIT
import { mkdtemp, rm } from "node:fs/promises";
import { type Server, createServer, request } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { putImage, putIndex } from "../../test/fixtures/family.ts";
import { openRepository } from "../registry/repository.ts";
import { type RegistryServer, serveRegistry } from "../server/serve.ts";
import { retag } from "./retag.ts";

let directory = "";
let server: RegistryServer;
let proxy: Server;
const requests: string[] = [];

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "oci-kit-retag-"));
  server = await serveRegistry({ directory });
  proxy = createServer((incoming, outgoing) => {
    const { method, url, headers } = incoming;
    requests.push(`${method ?? ""} ${url ?? ""}`);
    const { host, port } = server;
    const forwarded = request({ host, port, path: url, method, headers }, (answer) => {
      outgoing.writeHead(answer.statusCode ?? 500, answer.headers);
      answer.pipe(outgoing);
    });
    incoming.pipe(forwarded);
  });
  await new Promise<void>((resolve) => proxy.listen(0, "127.0.0.1", resolve));
});
afterAll(async () => {
  proxy.closeAllConnections();
  proxy.close();
  await server.close();
  await rm(directory, { recursive: true });
});

it("retagging in a registry takes one GET and one PUT of a manifest, however large the image is", async () => {
  const { port } = proxy.address() as AddressInfo;
  const where = { registry: `127.0.0.1:${port}`, repository: "builds" };
  const pushed = openRepository(where);
  const image = await putImage(pushed, { architecture: "amd64", tag: "1" });
  const index = await putIndex(pushed, [image], "latest-cross");
  for (const [source, digest] of [
    ["1", image.digest],
    ["latest-cross", index.digest],
    [image.digest, image.digest],
  ] as const) {
    const store = openRepository(where);
    requests.length = 0;
    expect((await retag(store, source, "named")).digest).toBe(digest);
    expect(requests).toEqual([
      `GET /v2/builds/manifests/${source}`,
      "PUT /v2/builds/manifests/named",
    ]);
    expect((await store.resolve("named")).digest).toBe(digest);
  }
});
