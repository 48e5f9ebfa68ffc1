// SPDX-License-Identifier: MIT
import { expect, it } from "vitest";
import { makeCertificate } from "../../../test/fixtures/network/signed-certificates.ts";
import { answer, startFaultyRegistry } from "../../testing/faulty-registry.ts";
import { openRepository } from "../repository.ts";

it("an upload that was begun on loopback by https is resumed by a process that has not asked yet", async () => {
  const tls = await makeCertificate(["127.0.0.1"]);
  const registry = await startFaultyRegistry([], { tls });
  const there = "/v2/a/blobs/uploads/1";
  registry.rule({ on: `GET ${there}`, reply: answer(204, { range: "0-99", location: there }) });
  const store = openRepository(
    { registry: registry.host, repository: "a" },
    { tls: { anyCertificate: true } },
  );
  const state = { location: `https://${registry.host}${there}` };
  const upload = await store.capabilities.uploads.resume(state);
  expect([upload.offset, upload.state]).toEqual([100, state]);
  await registry.close();
});
