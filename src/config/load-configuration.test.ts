// SPDX-License-Identifier: MIT
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { findConfiguration } from "./find-configuration.ts";
import { loadConfiguration, parseConfiguration } from "./load-configuration.ts";

const HEAD = "version: 1\narchitectures: [amd64, riscv64]\nbase: scratch\n";

function messageOf(text: string): string {
  try {
    parseConfiguration(text, "/project/linux/oci-kit.yaml");
  } catch (error) {
    expect(error).toMatchObject({ name: "OciError", code: "invalid-recipe" });
    return (error as Error).message;
  }
  throw new Error("expected the configuration to be refused");
}

describe("an error in oci-kit.yaml", () => {
  it.each([
    [
      "a step with an unknown value",
      "layers: [{name: a, steps: [{copy: /x, missing: no}]}]",
      '4:39: layers[0].steps[0].missing: expected error, warn, directory, got "no"',
    ],
    [
      "a misspelt key",
      "layers: [{name: a, steps: [{copy: /x, form: demo}]}]",
      "4:39: layers[0].steps[0].form: unknown key; did you mean from?",
    ],
    [
      "a missing key",
      "layers: [{name: a, steps: [{link: /x}]}]",
      "layers[0].steps[0].target: expected text, got nothing",
    ],
    [
      "a number in place of text (version 16.10 would lose its zero)",
      "variables: {V: 16.10}",
      "4:13: variables.V: expected text or a map, got the number 16.1 (text is quoted)",
    ],
    [
      "a relative path",
      "layers: [{name: a, steps: [{copy: opt/x}]}]",
      'layers[0].steps[0].copy: expected an absolute path, got "opt/x"',
    ],
    [
      "an owner by name",
      "layers: [{name: a, steps: [{copy: /x, owner: root}]}]",
      'layers[0].steps[0].owner: expected numbers as "1001:1001", got "root"',
    ],
    [
      "a step that is not a map",
      "layers: [{name: a, steps: [/x]}]",
      'layers[0].steps[0]: expected a map, got "/x"',
    ],
    ["the same key twice", "base: scratch", "4:1: Map keys must be unique"],
    ["broken YAML", "layers: [", "linux/oci-kit.yaml:"],
    ["an alias without its anchor", "output: *nowhere", "nowhere"],
    [
      "two layers of the same name",
      "layers: [{name: a, steps: [{remove: /x}]}, {name: a, steps: [{remove: /y}]}]",
      "layers[1].name: there is another layer a",
    ],
    [
      "a repository with a tag",
      "image: ghcr.io/a/b:latest",
      "image: expected a repository without a tag",
    ],
  ])("names the line, the key and what was expected: %s", (_what, text, expected) => {
    const message = messageOf(`${HEAD}${text}\n`);
    expect(message).toContain(expected);
    expect(message).toMatch(/^linux\/oci-kit\.yaml/);
  });

  it("says so when the version is not supported", () => {
    expect(messageOf("version: 2\narchitectures: [amd64]\nbase: scratch\n")).toBe(
      "linux/oci-kit.yaml:1:1: version: expected 1, got the number 2",
    );
  });

  it("is reported together with all other errors", () => {
    const message = messageOf(`${HEAD}ouput: x\nconfig: {usr: "1"}\n`);
    expect(message).toContain("did you mean output?");
    expect(message).toContain("did you mean user?");
  });
});

describe("the configuration", () => {
  let directory: string;
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), "oci-kit-config-"));
  });
  afterEach(() => rmSync(directory, { recursive: true, force: true }));

  it("is found in the nearest directory upwards: linux/oci-kit.yaml, else oci-kit.yaml", async () => {
    const deep = join(directory, "a", "b");
    mkdirSync(deep, { recursive: true });
    mkdirSync(join(directory, "linux"));
    writeFileSync(join(directory, "linux", "oci-kit.yaml"), HEAD);
    writeFileSync(join(directory, "oci-kit.yaml"), HEAD);
    expect(await findConfiguration(deep)).toBe(join(directory, "linux", "oci-kit.yaml"));
    writeFileSync(join(directory, "a", "oci-kit.yaml"), HEAD);
    expect(await findConfiguration(deep)).toBe(join(directory, "a", "oci-kit.yaml"));
  });

  it("takes relative paths from the parent of linux/, or else from its own directory", async () => {
    mkdirSync(join(directory, "linux"));
    for (const file of [join("linux", "oci-kit.yaml"), "oci-kit.yaml"]) {
      writeFileSync(join(directory, file), HEAD);
      const configuration = await loadConfiguration(join(directory, file));
      expect(configuration).toMatchObject({ directory, architectures: ["amd64", "riscv64"] });
    }
  });

  it("is refused with different errors when it is missing and when it is not text", async () => {
    const file = join(directory, "oci-kit.yaml");
    await expect(loadConfiguration(file)).rejects.toMatchObject({ code: "not-found" });
    writeFileSync(file, Uint8Array.of(0xff, 0xfe));
    await expect(loadConfiguration(file)).rejects.toMatchObject({ code: "invalid-recipe" });
  });
});
