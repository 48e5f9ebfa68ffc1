// SPDX-License-Identifier: MIT
import { Readable } from "node:stream";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { EVIL, RAW } from "../../test/fixtures/hostile-text.ts";
import { createProject, type Project } from "../../test/fixtures/project.ts";
import { describe as describeContent } from "../bytes/describe-content.ts";
import { answer, startFaultyRegistry } from "../testing/faulty-registry.ts";
import type { FaultyRegistry, Rule } from "../testing/faulty-registry.ts";

const MANIFEST = "application/vnd.oci.image.manifest.v1+json";
const INDEX = "application/vnd.oci.image.index.v1+json";
const CONFIG = describeContent("application/vnd.oci.empty.v1+json", Buffer.from("{}"));
const FILE = Buffer.from("x");

/** An artifact that says EVIL wherever text of its maker's own goes. */
const ARTIFACT = Buffer.from(
  JSON.stringify({
    schemaVersion: 2,
    mediaType: MANIFEST,
    artifactType: EVIL,
    config: CONFIG,
    layers: [
      { ...describeContent("a/b", FILE), annotations: { "org.opencontainers.image.title": EVIL } },
    ],
    annotations: { [EVIL]: EVIL },
  }),
);
const FOUND = describeContent(MANIFEST, ARTIFACT);
const REFERRERS = JSON.stringify({
  schemaVersion: 2,
  mediaType: INDEX,
  manifests: [{ ...FOUND, artifactType: EVIL, annotations: { [EVIL]: EVIL } }],
});
const WORDS = JSON.stringify({
  errors: [{ code: EVIL, message: EVIL, detail: { [EVIL]: EVIL } }],
});
const JSON_TYPE = { "content-type": "application/json" };

/** A registry that says EVIL in every list, and in every refusal. */
const LYING: readonly Rule[] = [
  { on: "GET /v2/", reply: answer(200) },
  { on: /\/tags\/list/, reply: answer(200, JSON_TYPE, JSON.stringify({ tags: ["t", EVIL] })) },
  { on: /_catalog/, reply: answer(200, JSON_TYPE, JSON.stringify({ repositories: ["a", EVIL] })) },
  { on: /\/referrers\//, reply: answer(200, { "content-type": INDEX }, REFERRERS) },
  { on: /^(GET|HEAD) .*\/manifests\//, reply: answer(200, { "content-type": MANIFEST }, ARTIFACT) },
  { on: new RegExp(`^GET .*${CONFIG.digest}`), reply: answer(200, {}, "{}") },
  { on: /^GET .*\/blobs\//, reply: answer(200, {}, FILE) },
  { on: /./, reply: answer(400, JSON_TYPE, WORDS) },
];

let project: Project;
let registry: FaultyRegistry;

beforeEach(async () => {
  project = await createProject();
  project.write("file", "y");
  registry = await startFaultyRegistry(LYING);
});
afterEach(async () => {
  await registry.close();
  await project.remove();
});

/** Runs a command whose words name the registry as HOST, on a terminal. Returns everything it prints. */
async function print(words: readonly string[], ...flags: string[]): Promise<string> {
  const named = words.map((word) => word.replace("HOST", registry.host));
  const stdin = Readable.from([Buffer.from("password")]);
  const env = { ...process.env, HOME: project.directory } as Record<string, string>;
  const options = { isTTY: true, stdin, env };
  const { stdout, stderr } = await project.runWith(options, ...named, "--quiet", ...flags);
  return stdout + stderr;
}

describe("what a hostile registry says never reaches a terminal unescaped, printed by", () => {
  it.each([
    ["inspect", "HOST/a/b:t"],
    ["digest", "HOST/a/b:t"],
    ["tags", "HOST/a/b"],
    ["tags", "--digests", "HOST/a/b"],
    ["catalog", "HOST"],
    ["referrers", "HOST/a/b:t"],
    ["delete", "HOST/a/b:t"],
    ["delete", "--manifest", "--dry-run", "HOST/a/b:t"],
    ["delete", "--manifest", "HOST/a/b:t"],
    ["prune", "HOST/a/b"],
    ["doctor", "HOST/a/b"],
    ["doctor", "HOST/a/b", "--write"],
    ["login", "HOST", "-u", "me", "--password-stdin"],
    ["logout", "HOST"],
    ["copy", "--referrers", "HOST/a/b:t", "oci:out:t"],
    ["copy", "--all-tags", "HOST/a/b", "oci:out"],
    ["copy", "HOST/a/b:t", "HOST/c/d:t"],
    ["manifest", "create", "HOST/a/b:new", "--from", "HOST/a/b:t"],
    ["manifest", "add", "HOST/a/b:t", "HOST/a/b:u"],
    ["manifest", "repair", "HOST/a/b:t"],
    ["artifact", "push", "HOST/a/b:t", "file", "--type", "a/b"],
    ["artifact", "attach", "HOST/a/b:t", "file", "--type", "a/b"],
    ["artifact", "pull", "HOST/a/b:t", "out"],
  ])("%j %j %j %j", async (...words) => {
    for (const flags of [[], ["--json"]]) {
      const printed = await print(words, ...flags);
      expect(printed).not.toMatch(RAW);
      expect(printed).not.toBe("");
    }
  });

  it("a refusal of everything, in every command's words", async () => {
    registry.rule({ on: /./, reply: answer(403, JSON_TYPE, WORDS) });
    for (const command of ["digest", "tags", "referrers", "doctor", "prune"]) {
      const printed = await print([command, "HOST/a/b"]);
      expect(printed).toContain("403");
      expect(printed).not.toMatch(RAW);
    }
  });
});

it("no tag of a lying registry takes more than a line, or the list is refused", async () => {
  const printed = await print(["tags", "HOST/a/b"]);
  expect(printed.split("\n").length).toBeLessThanOrEqual(4);
});
