// SPDX-License-Identifier: MIT
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createProject, type Project } from "../../test/fixtures/project.ts";

const COMMANDS = [
  "assemble",
  "verify-links",
  "manifest push",
  "retag",
  "copy",
  "inspect",
  "tags",
  "serve",
];

let project: Project;

beforeEach(async () => {
  project = await createProject();
});
afterEach(() => project.remove());

describe("oci-kit", () => {
  it("prints its version", async () => {
    const { version } = JSON.parse(
      readFileSync(join(import.meta.dirname, "../../package.json"), "utf8"),
    ) as { version: string };
    for (const word of ["--version", "-v"]) {
      expect(await project.run(word)).toEqual({ status: 0, stdout: `${version}\n`, stderr: "" });
    }
  });

  it("imports no package at its start, and only commander to parse the command line", () => {
    expect(packagesLoadedBy("main.ts")).toEqual([]);
    expect(packagesLoadedBy("program.ts")).toEqual(["commander"]);
  });

  it("lists its commands when it is called without arguments", async () => {
    const { status, stdout, stderr } = await project.run();
    expect(status).toBe(1);
    expect(stdout).toBe("");
    for (const command of COMMANDS) expect(stderr).toContain(command.split(" ")[0]);
  });

  it.each(COMMANDS)("shows the usage of %s with examples", async (command) => {
    const { status, stdout, stderr } = await project.run(...command.split(" "), "--help");
    expect(status).toBe(0);
    expect(stdout).toMatch(
      new RegExp(`Usage: oci-kit ${command} [\\s\\S]*Examples:\n {2}oci-kit `),
    );
    expect(stdout).toContain("--json");
    expect(stderr).toBe("");
  });
});

describe("a wrong command line", () => {
  it.each([
    ["an unknown command", ["frobnicate"], "unknown command 'frobnicate'", "oci-kit --help"],
    [
      "an unknown option",
      ["assemble", "--nope"],
      "unknown option '--nope'",
      "oci-kit assemble --help",
    ],
    [
      "a missing argument",
      ["retag", "a"],
      "missing required argument 'TAG'",
      "oci-kit retag --help",
    ],
    [
      "one argument too many",
      ["assemble", "x"],
      "too many arguments for 'assemble'",
      "oci-kit assemble --help",
    ],
    [
      "a missing target",
      ["manifest", "push"],
      "missing required argument",
      "oci-kit manifest push --help",
    ],
    [
      "an option without its value",
      ["assemble", "--arch"],
      "argument missing",
      "oci-kit assemble --help",
    ],
    [
      "an option that belongs to another command",
      ["tags", "--version"],
      "unknown option '--version'",
      "oci-kit tags --help",
    ],
  ])("is reported with a pointer to the right help: %s", async (_what, words, message, help) => {
    const { status, stdout, stderr } = await project.run(...words);
    expect(status).toBe(1);
    expect(stdout).toBe("");
    expect(stderr).toMatch(/^oci-kit: /);
    expect(stderr).toContain(message);
    expect(stderr).toContain(`${help} says what there is`);
  });

  it.each([
    [["assemble", "--arch", "sparc"], "expected sparc to be one of the architectures"],
    [
      ["assemble", "--arch", "amd64,"],
      '--arch: expected architectures as riscv64 or amd64,arm64, got "amd64,"',
    ],
    [["assemble", "--set", "x"], '--set: expected NAME=VALUE, got "x"'],
    [["assemble", "--compression", "lz4"], "--compression: expected gzip, zstd, none or auto"],
    [["copy", "a", "b", "--format", "dockr"], "try: Did you mean docker? oci-kit copy --help"],
    [["completion", "bahs"], "try: Did you mean bash? oci-kit completion --help"],
    [
      ["assemble", "--output", "oci:out/one"],
      "--output: expected ${ARCH} in it for several images",
    ],
    [
      ["verify-links", "--expect", "usr=x", "."],
      "--expect: expected PATH=TARGET with absolute paths",
    ],
    [["manifest", "push", "latest", "--arch", "x y"], "x y"],
    [["manifest", "push", "oci:out"], "expected a tag to publish under"],
    [["retag", "oci-archive:x.tar", "a"], "expected a registry or a layout"],
    [["retag", "latest", "not a tag"], 'got "not a tag"'],
    [["serve", "--port", "x"], "--port: expected 0 to 65535, got x"],
    [["copy", "dir:.", "oci:out"], "a plain root filesystem can't be read as one"],
    [["inspect", "::"], "it names neither a host nor a known scheme"],
  ])("%j: the refused value is named and nothing is written", async (words, message) => {
    const before = project.list();
    const { status, stdout, stderr } = await project.run(...words);
    expect(stderr).toContain(message);
    expect(status).toBe(1);
    expect(stdout).toBe("");
    expect(project.list()).toEqual(before);
  });
});

describe("--json", () => {
  const failing = [
    ["assemble", "--nope"],
    ["assemble", "--arch", "sparc"],
    ["verify-links", "out/linux-runtime"],
    ["manifest", "push", "oci:out"],
    ["retag", "oci:nowhere", "a"],
    ["copy", "oci:nowhere", "oci:out"],
    ["inspect", "oci:nowhere"],
    ["tags", "oci:nowhere"],
    ["serve", "--port", "x"],
  ];
  it.each(failing.map((words) => [words]))(
    "%j: a failure is printed as one JSON document",
    async (words) => {
      const { status, document } = await project.json(...words);
      expect(status).toBe(1);
      expect(document).toEqual({
        error: expect.objectContaining({
          code: expect.any(String) as string,
          message: expect.any(String) as string,
          details: expect.any(Object) as object,
        }) as object,
      });
    },
  );
});

describe("an interrupted command", () => {
  it("says which signal stopped it, fails, and leaves no files behind", async () => {
    const before = project.list();
    const signal = AbortSignal.abort(new Error("stopped by SIGINT"));
    for (const words of [["assemble"], ["copy", project.repository, "oci:out/x"]]) {
      const { status, stderr } = await project.runWith({ signal }, ...words);
      expect(stderr).toBe("oci-kit: stopped by SIGINT; what was complete stays\n");
      expect(status).toBe(130);
    }
    expect(project.list()).toEqual(before);
  });

  it("succeeds when it is serve, and closes the registry", async () => {
    const { signal, abort } = interruption();
    const ran = await project.runWith(
      { signal, onOutput: abort },
      ...["serve", "--port", "0", "--json"],
    );
    expect(ran).toMatchObject({ status: 0, stderr: "" });
    expect(JSON.parse(ran.stdout)).toMatchObject({ directory: "out/registry" });
  });
});

describe("progress", () => {
  it("is drawn on a terminal and wiped at the end, and is never drawn elsewhere", async () => {
    expect((await project.run("assemble")).stderr).toBe("");
    const { stdout, stderr } = await project.runWith(
      { isTTY: true },
      ...["copy", "oci:out/linux-runtime/riscv64", "oci:out/mirror"],
    );
    expect(stderr).toMatch(/^\r\u001b\[J[\s\S]+\u001b\[J$/);
    expect(stdout).not.toContain("\u001b");
  });
});

function interruption(): { readonly signal: AbortSignal; readonly abort: () => void } {
  const controller = new AbortController();
  return {
    signal: controller.signal,
    abort: () => controller.abort(new Error("stopped by SIGINT")),
  };
}

/** The packages that a file of src/cli imports statically, directly or through other files. */
function packagesLoadedBy(file: string): string[] {
  const found = new Set<string>();
  const seen = new Set<string>();
  const pending = [join(import.meta.dirname, file)];
  for (let at = pending.pop(); at !== undefined; at = pending.pop()) {
    if (seen.has(at)) continue;
    seen.add(at);
    const statements = readFileSync(at, "utf8").matchAll(
      /^(?:import|export)\s(?!type\s)[^;]*?from\s+"([^"]+)";/gm,
    );
    for (const [, name = ""] of statements) {
      if (name.startsWith(".")) pending.push(join(dirname(at), name));
      else if (!name.startsWith("node:")) found.add(name);
    }
  }
  return [...found].sort();
}
