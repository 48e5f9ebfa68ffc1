// SPDX-License-Identifier: MIT
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

/** Conditions of package.json that its files are chosen by. */
export type Condition = "browser" | "default";

const root = new URL("../", import.meta.url);

/**
 * The source file of each import that starts with `#`, by its name: what `imports` of package.json says
 * under a condition. That names files of `dist`, which may be missing or older than the sources.
 */
export function subpathImports(condition: Condition): Record<string, string> {
  const { imports } = JSON.parse(readFileSync(new URL("package.json", root), "utf8")) as {
    readonly imports: Readonly<Record<string, string | Readonly<Record<Condition, string>>>>;
  };
  // What is the same under every condition is made by the build, and has no source file (test/report-page.ts, test/deflate-wasm.ts).
  return Object.fromEntries(
    Object.entries(imports).flatMap(([name, files]) =>
      typeof files === "string" ? [] : [[name, sourceOf(files[condition])]],
    ),
  );
}

/** The source of a file of `dist`, absolute. */
export function sourceOf(built: string): string {
  const source = built.replace(/^\.\/dist\//, "src/").replace(/\.js$/, ".ts");
  return fileURLToPath(new URL(source, root));
}
