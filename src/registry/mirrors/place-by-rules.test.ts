// SPDX-License-Identifier: MIT
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createProject, type Project, type Ran } from "../../../test/fixtures/project.ts";
import { answer, startFaultyRegistry, type FaultyRegistry } from "../../testing/faulty-registry.ts";

let project: Project;
let directory: string;
let registry: FaultyRegistry;
let before: string | undefined;

beforeEach(async () => {
  project = await createProject();
  directory = await mkdtemp(join(tmpdir(), "rules-"));
  registry = await startFaultyRegistry([{ on: /^GET \/v2\/$/, reply: answer(200) }]);
  before = process.env["CONTAINERS_REGISTRIES_CONF"];
  const file = join(directory, "registries.conf");
  const rules = [
    `[[registry]]\nlocation = "blocked.example"\nblocked = true`,
    `[[registry]]\nprefix = "moved.example/x"\nlocation = "${registry.host}/y"\ninsecure = true`,
  ];
  await writeFile(file, rules.join("\n"));
  process.env["CONTAINERS_REGISTRIES_CONF"] = file;
});
afterEach(async () => {
  if (before === undefined) delete process.env["CONTAINERS_REGISTRIES_CONF"];
  else process.env["CONTAINERS_REGISTRIES_CONF"] = before;
  await registry.close();
  await rm(directory, { recursive: true });
  await project.remove();
});

describe("a registry that registries.conf blocks is reached by no command:", () => {
  it.each([
    ["digest", "blocked.example/a:1"],
    ["tags", "blocked.example/a"],
    ["catalog", "blocked.example"],
    ["delete", "blocked.example/a:1"],
    ["referrers", "blocked.example/a:1"],
    ["prune", "blocked.example/a"],
    ["doctor", "blocked.example"],
    ["doctor", "blocked.example/a"],
    ["login", "blocked.example", "-u", "me", "--password-stdin"],
  ])("%s %s", async (...words) => {
    const { status, stderr } = await run(words);
    expect(status).toBe(1);
    expect(stderr).toContain("blocks");
  });
});

it("a repository that registries.conf has elsewhere is asked there by every command", async () => {
  for (const words of [["tags"], ["prune"], ["doctor"]]) {
    const asked = registry.requests.length;
    await run([...words, "moved.example/x/a"]);
    const paths = registry.requests.slice(asked).map(({ path }) => path);
    expect(paths.filter((path) => path.startsWith("/v2/y/a/")).length).toBeGreaterThan(0);
  }
});

function run(words: readonly string[]): Promise<Ran> {
  return project.runWith({ stdin: Readable.from([Buffer.from("password")]) }, ...words);
}
