// SPDX-License-Identifier: MIT
// Bundles the script and the style of the HTML report (src/report/page) into the module that `#report-page`
// stands for. Both lie in the page itself, so the licenses of the packages in the script come along.
import { readFileSync, readdirSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { rolldown } from "rolldown";

const page = new URL("../src/report/page/", import.meta.url);

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  writeFileSync(new URL("../dist/report/html/page-assets.js", import.meta.url), await bundlePage());
}

/** The text of a module that exports `script` and `style`. @type {() => Promise<string>} */
export async function bundlePage() {
  const bundle = await rolldown({
    input: fileURLToPath(new URL("main.ts", page)),
    platform: "browser",
    tsconfig: false,
  });
  const { output } = await bundle.generate({ format: "iife", minify: true });
  await bundle.close();
  const [{ code, moduleIds }] = output;
  const script = `/*!\n${licensesOf(moduleIds)}*/\n${code.trim()}`;
  // The page ends its script there, whatever a package has in a string.
  if (/<\/script|<!--/i.test(script)) throw new Error("the page's script would end early");
  const style = readFileSync(new URL("style.css", page), "utf8").replace(/\n\s*/g, "\n");
  return `export const script = ${JSON.stringify(script)};\nexport const style = ${JSON.stringify(style)};\n`;
}

/** @type {(modules: readonly string[]) => string} the licenses of the packages that some modules are from */
function licensesOf(modules) {
  const directories = modules.flatMap(
    (module) => /^.*\/node_modules\/(@[^/]+\/)?[^/]+(?=\/)/.exec(module)?.[0] ?? [],
  );
  return [...new Set(directories)].sort().map(licenseOf).join("\n");
}

/** @type {(directory: string) => string} */
function licenseOf(directory) {
  /** @type {unknown} */
  const parsed = JSON.parse(readFileSync(`${directory}/package.json`, "utf8"));
  const { name, version } = /** @type {{ name: string, version: string }} */ (parsed);
  const file = readdirSync(directory).find((entry) => /^licen[cs]e/i.test(entry));
  if (file === undefined) throw new Error(`${name} has no license beside it`);
  return `${name} ${version}\n\n${readFileSync(`${directory}/${file}`, "utf8")}`;
}
