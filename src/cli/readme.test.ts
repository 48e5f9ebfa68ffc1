// SPDX-License-Identifier: MIT
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createProject, type Project } from "../../test/fixtures/project.ts";

const README = readFileSync(join(import.meta.dirname, "../../README.md"), "utf8");
/** The image name used in the examples of README. */
const PLACEHOLDER = "ghcr.io/family/image";

let project: Project;

beforeEach(async () => {
  project = await createProject();
});
afterEach(() => project.remove());

/** The names of all commands, in the order of the help. */
async function commandNames(): Promise<string[]> {
  const { stderr: help } = await project.run();
  const list = /\nCommands:\n([\s\S]*?)\n\n/.exec(help)?.[1] ?? "";
  const names = [...list.matchAll(/^ {2}([a-z][a-z-]+)(?= )/gm)].map(([, name = ""]) => name);
  expect(names.length).toBeGreaterThan(15);
  return names.filter((name) => name !== "help");
}

/** The lines in README's shell blocks that call oci-kit, except those that read from a pipe. */
function examples(): string[] {
  const blocks = [...README.matchAll(/```sh\n([\s\S]*?)```/g)].map(([, block = ""]) => block);
  return blocks
    .flatMap((block) => block.split("\n"))
    .filter((line) => line.startsWith("oci-kit ") && !line.startsWith("oci-kit serve"));
}

describe("README.md", () => {
  it("has examples that all work when they are run in order", async () => {
    const lines = examples();
    expect(lines.length).toBeGreaterThan(10);
    for (const line of lines) {
      // Later examples push and pull the images of all architectures, so this one assembles them all.
      const words = line.replaceAll(PLACEHOLDER, project.repository).split(" ").slice(1);
      const arch = line === "oci-kit assemble --arch riscv64" ? ["assemble"] : words;
      const { status, stderr } = await project.run(...arch);
      expect(`${line}\n${stderr}`).toBe(`${line}\n`);
      expect(status).toBe(0);
    }
  });

  it("lists every command in its overview", async () => {
    const overview = README.slice(README.indexOf("## All commands"));
    for (const name of await commandNames()) {
      expect(overview).toMatch(new RegExp("^\\| .*`" + name + "[ `]", "m"));
    }
  });

  it("has a library example that imports only what the package exports", async () => {
    const example = /```ts\n([\s\S]*?)```/.exec(README)?.[1] ?? "";
    const imports = [...example.matchAll(/import \{ (.+) \} from "oci-kit\/(\w+)"/g)];
    expect(imports.length).toBeGreaterThan(0);
    for (const [, names = "", module = ""] of imports) {
      const exported = (await import(`../${module}/index.ts`)) as object;
      for (const name of names.split(", ")) expect(exported).toHaveProperty(name);
    }
  });
});

it("the help of a command has an example, and the help of a command group has one for each of its commands", async () => {
  const pending = (await commandNames()).map((name) => [name]);
  for (let words = pending.pop(); words !== undefined; words = pending.pop()) {
    const { status, stdout } = await project.run(...words, "--help");
    expect(status).toBe(0);
    const below = /\nCommands:\n((?: {2}.*\n)*)/.exec(stdout)?.[1];
    if (below === undefined) {
      expect(stdout, words.join(" ")).toMatch(/\nExamples?:\n {2}.*oci-kit /);
      continue;
    }
    for (const [, name = ""] of below.matchAll(/^ {2}([a-z][a-z-]+)(?= )/gm)) {
      if (name !== "help") pending.push([...words, name]);
    }
  }
});
