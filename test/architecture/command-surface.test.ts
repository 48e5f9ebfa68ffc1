// SPDX-License-Identifier: MIT
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { expect, it } from "vitest";
import { moduleOf } from "./read-imports.ts";

const src = join(import.meta.dirname, "../../src");

/** What a file of the command line takes of another module while it runs. */
interface Taken {
  readonly file: string;
  readonly module: string;
  readonly names: readonly string[];
}

it("whatever a command does, a script can import: all that the command line calls is exported", async () => {
  const taken = readdirSync(join(src, "cli"), { recursive: true, encoding: "utf8" })
    .filter((file) => file.endsWith(".ts") && !file.endsWith(".test.ts"))
    .flatMap((file) => takenBy(join("cli", file)));
  expect(taken.length).toBeGreaterThan(50);
  const missing: string[] = [];
  for (const { file, module, names } of taken) {
    const exported = (await import(join(src, module, "index.ts"))) as object;
    for (const name of names) {
      if (!(name in exported))
        missing.push(`oci-kit/${module} lacks ${name}, which src/${file} calls`);
    }
  }
  expect(missing).toEqual([]);
});

function takenBy(file: string): Taken[] {
  const text = readFileSync(join(src, file), "utf8");
  return [...staticImports(text), ...lazyImports(text)].flatMap(([list, path]) => {
    const module = moduleOf(join(dirname(file), path).replaceAll("\\", "/"));
    return module === "cli" ? [] : [{ file, module, names: namesIn(list) }];
  });
}

function staticImports(text: string): [string, string][] {
  const found = text.matchAll(/^import\s(?!type\s)\{([^}]*)\}\sfrom\s"(\.[^"]+)"/gm);
  return [...found].map(([, list = "", path = ""]) => [list, path]);
}

/** `const { a } = await import("x")`, and lists of both in `Promise.all`. */
function lazyImports(text: string): [string, string][] {
  const found = text.matchAll(
    /const (\[[^=]*\]|\{[^}]*\}) =\s*await (?:Promise\.all\(\s*\[([\s\S]*?)\]\s*,?\s*\)|import\("(\.[^"]+)"\))/g,
  );
  return [...found].flatMap(([, names = "", calls, path]): [string, string][] => {
    if (path !== undefined) return [[names.replace(/[{}]/g, ""), path]];
    const lists = names.slice(1, -1).match(/\{[^}]*\}|\w+/g) ?? [];
    const expressions = (calls ?? "").split(/,\s*(?![^(]*\))/).filter((call) => call.trim() !== "");
    return lists.flatMap((list, at): [string, string][] => {
      const imported = /import\("(\.[^"]+)"\)/.exec(expressions[at] ?? "")?.[1];
      return imported === undefined ? [] : [[list.replace(/[{}]/g, ""), imported]];
    });
  });
}

function namesIn(list: string): string[] {
  return list
    .split(",")
    .map((name) => name.trim())
    .filter((name) => name !== "" && !name.startsWith("type "))
    .map((name) => name.replace(/[:\s].*$/, ""));
}
