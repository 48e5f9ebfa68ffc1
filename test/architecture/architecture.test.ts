// SPDX-License-Identifier: MIT
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { subpathImports } from "../subpath-imports.ts";
import { drawModules } from "./draw.ts";
import { FREE, LEVELS, levelOf, OUTSIDE, PLANNED, PURE } from "./levels.ts";
import {
  findCircles,
  groupImports,
  innerFolderOf,
  moduleOf,
  readImports,
  type SubpathImports,
} from "./read-imports.ts";

const root = join(import.meta.dirname, "../..");
const imports = readImports(join(root, "src"), subpaths());

/** The files that each `#` name of package.json stands for, one for each condition. */
function subpaths(): SubpathImports {
  const conditions = [subpathImports("default"), subpathImports("browser")];
  return Object.fromEntries(
    Object.keys(conditions[0]!).map((name) => [
      name,
      conditions.map((files) => relative(join(root, "src"), files[name]!)),
    ]),
  );
}

it("every module is on a level, and has imports to check", () => {
  const folders = new Set(imports.map(({ file }) => moduleOf(file)).filter((name) => name !== ""));
  const expected = [...LEVELS.flat(), FREE].filter((name) => !PLANNED.includes(name));
  expect([...folders].sort()).toEqual(expected.sort());
  expect(imports.flatMap(({ files }) => files).length).toBeGreaterThan(100);
});

it("a module imports only from levels before its own", () => {
  const wrong = imports.flatMap(({ file, files }) => {
    const from = moduleOf(file);
    if (from === "" || from === FREE) return [];
    const isWrong = (to: string): boolean => {
      const level = levelOf(moduleOf(to));
      return moduleOf(to) !== from && (level < 0 || level >= levelOf(from));
    };
    return files.filter(isWrong).map((to) => `src/${file} must not import src/${to}`);
  });
  expect(wrong).toEqual([]);
});

describe("circles", () => {
  const folders: string[] = [];
  afterEach(() => {
    for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
  });

  /** Writes a folder of sources. Each file imports the type T from the others that it names. */
  function write(files: Readonly<Record<string, readonly string[]>>): string {
    const folder = mkdtempSync(join(tmpdir(), "oci-kit-imports-"));
    folders.push(folder);
    for (const [file, named] of Object.entries(files)) {
      mkdirSync(join(folder, file, ".."), { recursive: true });
      const lines = named.map((to) => `import type { T } from "${to}";`);
      writeFileSync(join(folder, file), `${lines.join("\n")}\nexport type T = 1;\n`);
    }
    return folder;
  }

  it("files do not import each other in a circle, including imports of types", () => {
    expect(findCircles(groupImports(imports, (file) => file))).toEqual([]);
  });

  it("folders of a module do not import each other in a circle", () => {
    expect(findCircles(groupImports(imports, innerFolderOf))).toEqual([]);
  });

  it("a circle of files is found even if it consists of type imports only", () => {
    const made = readImports(
      write({ "m/a.ts": ["./b.ts"], "m/b.ts": ["./c.ts"], "m/c.ts": ["./a.ts"], "m/d.ts": [] }),
    );
    expect(findCircles(groupImports(made, (file) => file))).toEqual([
      "m/a.ts -> m/b.ts -> m/c.ts -> m/a.ts",
    ]);
  });

  it("a circle of folders is found even if no files form a circle", () => {
    const made = readImports(
      write({
        "m/x/a.ts": ["../y/b.ts"],
        "m/y/b.ts": [],
        "m/y/c.ts": ["../x/d.ts"],
        "m/x/d.ts": [],
      }),
    );
    expect(findCircles(groupImports(made, (file) => file))).toEqual([]);
    expect(findCircles(groupImports(made, innerFolderOf))).toEqual(["m/x -> m/y -> m/x"]);
  });
});

it("a module imports only the packages that are listed for it", () => {
  const wrong = imports
    .filter(({ file }) => moduleOf(file) !== FREE)
    .flatMap(({ file, packages }) => {
      const allowed = OUTSIDE[moduleOf(file)] ?? [];
      return packages
        .filter((name) => !allowed.some((one) => isOf(one, name)))
        .map((name) => `src/${file}: ${name}`);
    });
  expect(wrong).toEqual([]);
});

/** Whether a module may import a package. The entry `node:` allows all modules of Node. */
function isOf(allowed: string, name: string): boolean {
  if (allowed === "node:") return name.startsWith(allowed);
  return name === allowed || name.startsWith(`${allowed}/`);
}

it("pure modules use no globals of Node", () => {
  const wrong = imports
    .filter(({ file }) => PURE.includes(moduleOf(file)))
    .filter(({ file }) =>
      /\b(?:Buffer|process)\b\s*[.(]/.test(readFileSync(join(root, "src", file), "utf8")),
    );
  expect(wrong).toEqual([]);
});

const START = "<!-- drawn from the imports: npm run architecture -->";
const END = "<!-- end of the drawing -->";

it("the drawing in ARCHITECTURE.md matches the imports", () => {
  const file = join(root, "ARCHITECTURE.md");
  const text = readFileSync(file, "utf8");
  const [before, rest] = text.split(START);
  const after = rest?.split(END)[1];
  expect(after, `ARCHITECTURE.md has the lines ${START} and ${END}`).toBeDefined();
  const drawn = `${before!}${START}\n${drawModules(imports)}\n${END}${after!}`;
  if (process.env["OCI_KIT_DRAW"] === "1") writeFileSync(file, drawn);
  else expect(text, "run `npm run architecture` to draw it again").toBe(drawn);
});
