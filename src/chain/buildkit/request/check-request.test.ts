// SPDX-License-Identifier: MIT
import { mkdtempSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import type { BuildRequest } from "./build-request.ts";
import { checkRequest } from "./check-request.ts";

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "oci-kit-request-"));
  writeFileSync(join(directory, "Dockerfile"), "");
});
afterEach(() => rmSync(directory, { recursive: true }));

function check(change: Partial<BuildRequest>, env = {}): () => void {
  const request: BuildRequest = {
    context: directory,
    dockerfile: join(directory, "Dockerfile"),
    platform: { os: "linux", architecture: "amd64" },
    output: { kind: "layout", directory: join(directory, "out") },
    ...change,
  };
  return () => checkRequest(request, env);
}

it("a request that can be built passes", () => {
  expect(
    check({ buildArgs: { "a.b-C_1": "any\nthing" }, secrets: [{ id: "t", env: "T" }] }, { T: "" }),
  ).not.toThrow();
});

it.each<[string, Partial<BuildRequest>, RegExp]>([
  ["a name with =", { buildArgs: { "a=b": "1" } }, /build argument/],
  ["a name with a space", { labels: { "a b": "1" } }, /label/],
  ["a comma in a secret's id", { secrets: [{ id: "a,src=/etc/shadow", env: "T" }] }, /secret/],
  ["a comma in a host", { addHosts: { a: "1.1.1.1,b=2.2.2.2" } }, /host name/],
  [
    "an empty context name",
    { contexts: { "": { kind: "directory", path: "/" } } },
    /named context/,
  ],
  ["a NUL", { buildArgs: { a: "b\0c" } }, /NUL/],
  ["an absent variable", { secrets: [{ id: "t", env: "ABSENT_TOKEN" }] }, /ABSENT_TOKEN/],
  ["an absent Dockerfile", { dockerfile: "/nowhere/Dockerfile" }, /for the Dockerfile/],
  ["a Dockerfile that is a directory", { dockerfile: "/" }, /expected a file/],
])("%s is refused before anything starts", (_, change, message) => {
  expect(check(change)).toThrow(message);
});

it("a secret of more bytes than BuildKit takes is refused", () => {
  const file = join(directory, "big");
  writeFileSync(file, "");
  truncateSync(file, 500 * 1024 + 1);
  expect(check({ secrets: [{ id: "t", file }] })).toThrow(/at most 512000 bytes/);
});
