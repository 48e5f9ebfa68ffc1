// SPDX-License-Identifier: MIT
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openRepository } from "../../src/registry/repository.ts";
import { serveRegistry, type RegistryServer } from "../../src/server/serve.ts";
import { makeImage } from "../fixtures/layers.ts";
import { startDockerRegistry, type RunningRegistry } from "./docker-registry.ts";
import { familyLayers } from "./families.ts";
import { execute, runPeer } from "./peers.ts";
import { makeScratch } from "./scratch.ts";

// cosign with a key of its own, and no transparency log: it reaches nothing but the registry.

/** How cosign keeps what it says of an image: as referrers, or under tags that are made of the digest, as it did until 3.0. */
const FORMATS = { referrers: "true", tags: "false" } as const;
type Format = keyof typeof FORMATS;
const FORMAT_NAMES = Object.keys(FORMATS) as Format[];

const scratch = makeScratch();
const key = scratch.path("cosign.key");
const publicKey = scratch.path("cosign.pub");
let ours: RegistryServer;
let debian: RunningRegistry;

beforeAll(async () => {
  ours = await serveRegistry({ directory: scratch.path("served") });
  debian = await startDockerRegistry(scratch.path("debian"));
  await runPeer("cosign", ["generate-key-pair"], {
    cwd: scratch.directory,
    env: { COSIGN_PASSWORD: "" },
  });
  writeFileSync(scratch.path("statement.json"), JSON.stringify({ built: "here" }));
});
afterAll(async () => {
  await ours.close();
  await debian.stop();
});

const cosign = (command: string, format: Format, ...words: readonly string[]): Promise<string> =>
  runPeer(
    "cosign",
    [command, "--allow-http-registry", `--new-bundle-format=${FORMATS[format]}`, ...words],
    { env: { COSIGN_PASSWORD: "" } },
  );

const statement = (): string[] => [
  "--type",
  "custom",
  "--predicate",
  scratch.path("statement.json"),
];

async function signAndAttest(image: string, format: Format): Promise<void> {
  const words = ["--key", key, "--yes", "--tlog-upload=false", "--use-signing-config=false"];
  await cosign("sign", format, ...words, image);
  await cosign("attest", format, ...words, ...statement(), image);
}

/** Fails unless cosign finds a signature and a statement by our key. */
async function verify(image: string, format: Format): Promise<void> {
  const words = ["--key", publicKey, "--insecure-ignore-tlog"];
  const digest = image.slice(image.indexOf("@") + 1);
  expect(await cosign("verify", format, ...words, image)).toContain(digest);
  expect(await cosign("verify-attestation", format, ...words, "--type", "custom", image)).not.toBe(
    "",
  );
}

async function runOurs(...words: readonly string[]): Promise<unknown> {
  const cli = join(import.meta.dirname, "../../bin/oci-kit");
  return JSON.parse(await execute(process.execPath, [cli, ...words, "--json"]));
}

// docker-registry 2.8 has no referrers API: cosign keeps the list under a tag there, and so do we.
const HOSTS = {
  "our server": () => `${ours.host}:${ours.port}`,
  "docker-registry": () => debian.host,
} as const;

describe.each(Object.keys(HOSTS) as (keyof typeof HOSTS)[])(
  "what cosign says of an image in %s",
  (kind) => {
    let image: string;
    let name: string;

    beforeAll(async () => {
      name = `${HOSTS[kind]()}/signed/image`;
      const store = openRepository({ registry: HOSTS[kind](), repository: "signed/image" });
      const parts = { architecture: "amd64", store, tag: "1" } as const;
      const { descriptor } = await makeImage(familyLayers("amd64"), parts);
      image = `${name}@${descriptor.digest}`;
      for (const format of FORMAT_NAMES) await signAndAttest(image, format);
    });

    it.each(FORMAT_NAMES)("is verified there, kept as %s", async (format) => {
      await verify(image, format);
    });

    it("goes along with copy --referrers, through a layout and to another registry, and is verified there", async () => {
      const digest = image.slice(image.indexOf("@"));
      const layout = `oci:${scratch.path(`layout-${kind}`)}:1`;
      const there = `${HOSTS[kind === "our server" ? "docker-registry" : "our server"]()}/copied/image`;
      await runOurs("copy", "--referrers", `${name}:1`, layout);
      await runOurs("copy", "--referrers", layout, `${there}:1`);
      for (const format of FORMAT_NAMES) await verify(`${there}${digest}`, format);
    });

    it("stays behind without --referrers, which cosign then says", async () => {
      const there = `${HOSTS[kind]()}/copied/without`;
      await runOurs("copy", `${name}:1`, `${there}:1`);
      const digest = image.slice(image.indexOf("@"));
      for (const format of FORMAT_NAMES) {
        await expect(verify(`${there}${digest}`, format)).rejects.toThrow(
          /no (?:matching )?signatures/i,
        );
      }
    });
  },
);
