// SPDX-License-Identifier: MIT
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { createImagesProject, type ImagesProject } from "../../test/fixtures/images-project.ts";
import { makeAuthority, makeCertificate } from "../../test/fixtures/network/signed-certificates.ts";
import { answer, startFaultyRegistry, type FaultyRegistry } from "../testing/faulty-registry.ts";

let project: ImagesProject;
let registry: FaultyRegistry;
beforeEach(async () => {
  project = await createImagesProject();
  const authority = await makeAuthority();
  const tls = await makeCertificate(["127.0.0.1"], { by: authority });
  const tags = { on: /^GET .*tags/, reply: answer(200, {}, '{"tags":["v1"]}') };
  registry = await startFaultyRegistry([tags], { tls });
  writeFileSync("ca.pem", authority.cert);
  writeFileSync("other.pem", (await makeAuthority()).cert);
  mkdirSync("home");
  vi.stubEnv("HOME", join(process.cwd(), "home"));
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await registry.close();
  await project.remove();
});

const tags = (...flags: string[]): ReturnType<ImagesProject["run"]> =>
  project.run("tags", `${registry.host}/a`, ...flags);

describe("a registry with a certificate of its own is", () => {
  it.each([[["--ca", "ca.pem"]], [["--insecure"]], [["--https", "--ca", "ca.pem"]]])(
    "reached with %j",
    async (flags) => {
      expect(await tags(...flags)).toMatchObject({ status: 0, stdout: "v1\n" });
    },
  );
  it.each([[[]], [["--https"]], [["--ca", "other.pem"]]])(
    "refused with %j, and what to try is told",
    async (flags: string[]) => {
      const { status, stderr } = await tags(...flags);
      expect(status).toBe(1);
      expect(stderr).toMatch(/authority unknown here.*--ca FILE.*certs\.d.*--insecure/);
    },
  );
  it("reached with its directory certs.d", async () => {
    const directory = join("home/.config/containers/certs.d", registry.host);
    mkdirSync(directory, { recursive: true });
    writeFileSync(join(directory, "ca.crt"), readFileSync("ca.pem"));
    expect(await tags()).toMatchObject({ status: 0, stdout: "v1\n" });
  });
});

describe("flags that contradict each other are refused:", () => {
  it.each([
    [["--plain-http", "--https"], "--plain-http: expected it without --https, got both"],
    [["--plain-http", "--insecure"], "--plain-http: expected it without --insecure, got both"],
    [["--plain-http", "--ca", "ca.pem"], "--plain-http: expected it without --ca, got both"],
    [["--insecure", "--ca", "ca.pem"], "--insecure: expected it without --ca, got both"],
    [["--ca", "ca.pem", "--ca", "ca.pem"], "--ca: expected it once, got it twice"],
    [["--ca", "nope.pem"], '"nope.pem": expected a readable file for --ca'],
    [["--ca", "."], "for --ca, got illegal operation on a directory"],
  ])("%j", async (flags, told) => {
    const { status, stderr } = await tags(...flags);
    expect(stderr).toContain(told);
    expect(status).toBe(1);
    expect(registry.requests).toEqual([]);
  });
});

it("a mirror of registries.conf that fails is told on stderr, and the result is not touched by it", async () => {
  const image = answer(200, { "content-type": "application/vnd.oci.image.manifest.v1+json" }, "{}");
  registry.rule({ on: /^GET .*manifests/, reply: image });
  writeFileSync(
    "registries.conf",
    `[[registry]]\nprefix = "registry.invalid"\nlocation = "${registry.host}"\ninsecure = true
     [[registry.mirror]]\nlocation = "127.0.0.1:1"\n`,
  );
  vi.stubEnv("CONTAINERS_REGISTRIES_CONF", join(process.cwd(), "registries.conf"));
  const { stderr } = await project.run("inspect", "registry.invalid/a:v1");
  expect(stderr).toMatch(/oci-kit: mirror 127\.0\.0\.1:1\/a: .*ECONNREFUSED.*; asking the next/);
  expect(registry.requests.map(({ path }) => path)).toContain("/v2/a/manifests/v1");
});
