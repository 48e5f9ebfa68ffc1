// SPDX-License-Identifier: MIT
import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ARCHITECTURES, TAG, family } from "../../test/fixtures/push.ts";
import { openReference } from "../image/open-reference.ts";
import { openRepository } from "../registry/repository.ts";
import { type RegistryServer, serveRegistry } from "../server/serve.ts";
import { readIndex } from "../store/read-documents.ts";
import { gatherFromTags } from "./children/gather-children.ts";
import { planIndexPush } from "./plan-push.ts";
import { pushIndex } from "./push-index.ts";

let directory = "";
let server: RegistryServer;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "oci-kit-registry-"));
  server = await serveRegistry({ directory: join(directory, "served") });
});
afterAll(async () => {
  await server.close();
  await rm(directory, { recursive: true });
});

function repository(name: string) {
  return openRepository({ registry: `127.0.0.1:${server.port}`, repository: name });
}

describe("a push to a registry", () => {
  it("publishes the index and the images, and finds nothing to do the second time", async () => {
    const options = {
      tag: TAG,
      architectures: ARCHITECTURES,
      children: await family(),
    };
    const plan = await planIndexPush({ ...options, target: repository("family/image") });
    expect(plan).toMatchObject({ published: { state: "absent" }, findings: [] });
    const result = await pushIndex(plan);
    expect(result).toMatchObject({ changed: true, sent: plan.toSend });

    const pulled = await openReference(`127.0.0.1:${server.port}/family/image:${TAG}`);
    const index = await readIndex(pulled.store, await pulled.root());
    expect(index.bytes).toEqual(plan.index.bytes);

    const again = await planIndexPush({ ...options, target: repository("family/image") });
    expect(again.upToDate).toBe(true);
    expect(await pushIndex(again)).toMatchObject({ changed: false, tags: [] });
  });

  it("makes the same index from the images in the registry as from those on disk", async () => {
    const target = repository("family/repaired");
    const fromDisk = {
      target,
      tag: TAG,
      architectures: ARCHITECTURES,
      children: await family(),
    };
    const pushed = await pushIndex(await planIndexPush(fromDisk));
    const gathered = await gatherFromTags(target, TAG, ARCHITECTURES);
    const repaired = await planIndexPush({ ...fromDisk, children: gathered.children });
    expect(repaired).toMatchObject({ upToDate: true, findings: [] });
    expect(repaired.index.descriptor.digest).toBe(pushed.index.digest);
    await gathered.close();
  });

  it("fails when the registry answers with an error, instead of taking it for empty", async () => {
    const broken = createServer((_request, response) => response.writeHead(500).end());
    await new Promise<void>((resolve) => broken.listen(0, "127.0.0.1", resolve));
    try {
      const { port } = broken.address() as AddressInfo;
      const registry = `127.0.0.1:${port}`;
      const retry = { attempts: 1 };
      const target = openRepository({ registry, repository: "a" }, { retry });
      const options = { target, tag: TAG, children: await family() };
      await expect(planIndexPush(options)).rejects.toMatchObject({ code: "registry-refused" });
    } finally {
      broken.close();
    }
  });
});
