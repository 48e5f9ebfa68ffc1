// SPDX-License-Identifier: MIT
import { readFileSync, readdirSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { expect, it } from "vitest";

/** Left never imports right; names on one level never import each other. */
const LEVELS: readonly (readonly string[])[] = [
  ["oci"],
  ["bytes"],
  ["layer"],
  ["store"],
  ["registry"],
  ["image", "server"],
  ["rootfs"],
  ["disk"],
  ["assemble", "verify"],
  ["chain"],
  ["config"],
  ["cli"],
];
/** Published helpers for tests: may import everything, and no module imports them. */
const FREE = "testing";
/** Modules that run without Node. */
const PURE = ["oci", "layer", "rootfs"];
/** The packages and the Node modules that a module may import; what is not listed imports none. */
const OUTSIDE: Readonly<Record<string, readonly string[]>> = {
  oci: ["zod"],
  bytes: [
    "node:crypto",
    "node:zlib",
    "node:module",
    "node:stream",
    "node:util",
    "node:worker_threads",
    "@noble/hashes",
    "zstd-codec",
  ],
  store: ["tar-stream", "zod", "node:"],
  registry: ["undici", "node:"],
  image: ["node:"],
  server: ["node:"],
  disk: ["@napi-rs/xattr", "zod", "node:"],
  assemble: ["node:"],
  verify: ["node:"],
  chain: ["node:"],
  config: ["yaml", "zod", "node:"],
  cli: ["commander", "node:"],
};

interface Import {
  readonly from: string;
  readonly to: string;
  readonly file: string;
}

const root = join(import.meta.dirname, "..");
const source = join(root, "src");
const sources = readdirSync(source, { recursive: true, encoding: "utf8" })
  .filter((name) => name.endsWith(".ts") && !name.endsWith(".test.ts"))
  .sort();

/** Static and dynamic imports of a file, as written. */
function specifiers(file: string): string[] {
  const text = readFileSync(join(source, file), "utf8").replaceAll(/^\s*(?:\*|\/\/|\/\*).*$/gm, "");
  const pattern = /(?:\bfrom\s+|\bimport\s*\(\s*|^import\s+)"([^"]+)"/gm;
  return [...text.matchAll(pattern)].map((match) => match[1]!);
}

function moduleOf(path: string): string {
  return path.includes("/") ? path.slice(0, path.indexOf("/")) : "";
}

const imports: Import[] = sources.flatMap((file) =>
  specifiers(file)
    .filter((name) => name.startsWith("."))
    .map((name) => ({
      from: moduleOf(file),
      to: moduleOf(relative(source, join(source, file, "..", name))),
      file,
    }))
    .filter(({ from, to }) => from !== to),
);

function level(module: string): number {
  return LEVELS.findIndex((names) => names.includes(module));
}

it("finds every module on a level, and imports to look at", () => {
  const folders = new Set(sources.map(moduleOf).filter((name) => name !== ""));
  expect([...folders].sort()).toEqual([...LEVELS.flat(), FREE].sort());
  expect(imports.length).toBeGreaterThan(100);
});

it("imports go one way: left never imports right", () => {
  const wrong = imports
    .filter(
      ({ from, to }) =>
        from !== "" && from !== FREE && (to === "" || to === FREE || level(to) >= level(from)),
    )
    .map(
      ({ from, to, file }) =>
        `src/${file}: ${from} must not import ${to === "" ? "src/index.ts" : to}`,
    );
  expect(wrong).toEqual([]);
});

it("a module imports only the packages that are its business", () => {
  const wrong = sources.flatMap((file) =>
    specifiers(file)
      .filter((name) => !name.startsWith(".") && moduleOf(file) !== FREE)
      .filter(
        (name) =>
          !(OUTSIDE[moduleOf(file)] ?? []).some(
            (allowed) =>
              name === allowed ||
              name.startsWith(`${allowed}/`) ||
              (allowed === "node:" && name.startsWith(allowed)),
          ),
      )
      .map((name) => `src/${file}: ${name}`),
  );
  expect(wrong).toEqual([]);
});

it("pure modules use no global of Node's", () => {
  const wrong = sources
    .filter((file) => PURE.includes(moduleOf(file)))
    .filter((file) =>
      /\b(?:Buffer|process)\b\s*[.(]/.test(readFileSync(join(source, file), "utf8")),
    );
  expect(wrong).toEqual([]);
});

const START = "<!-- drawn from the imports: npm run architecture -->";
const END = "<!-- end of the drawing -->";

/** The modules that each module imports, without those that another of them imports in turn. */
function draw(): string {
  const direct = (module: string): readonly string[] => [
    ...new Set(
      imports.filter(({ from, to }) => from === module && level(to) >= 0).map(({ to }) => to),
    ),
  ];
  const reaches = (from: string, to: string): boolean =>
    direct(from).some((next) => next === to || reaches(next, to));
  const rows = LEVELS.flat().map((module) => {
    const all = direct(module);
    const drawn = all.filter((to) => !all.some((other) => other !== to && reaches(other, to)));
    return `    ${module}${drawn.length > 0 ? ` --> ${drawn.sort().join(" & ")}` : ""}`;
  });
  return ["```mermaid", "flowchart RL", ...rows, "```"].join("\n");
}

it("the drawing in ARCHITECTURE.md is what the imports say", () => {
  const file = join(root, "ARCHITECTURE.md");
  const text = readFileSync(file, "utf8");
  const [before, rest] = text.split(START);
  const after = rest?.split(END)[1];
  expect(after, `ARCHITECTURE.md has the lines ${START} and ${END}`).toBeDefined();
  const drawn = `${before!}${START}\n${draw()}\n${END}${after!}`;
  if (process.env["OCI_KIT_DRAW"] === "1") writeFileSync(file, drawn);
  else expect(text, "run `npm run architecture` to draw it again").toBe(drawn);
});
