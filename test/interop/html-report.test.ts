// SPDX-License-Identifier: MIT
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openLayout, type LayoutStore } from "../../src/store/layout/layout.ts";
import { buildImage, type LayerFiles } from "../../src/testing/build-image.ts";
import { elfObject } from "../fixtures/elf-object.ts";
import { EXECUTION, LOADER, RISCV64, run, WHOLE } from "../fixtures/runnable-image.ts";
import { startChromium, type Browser } from "./chromium.ts";

const CLI = join(import.meta.dirname, "../../bin/oci-kit");
const SCHEMES = ["light", "dark"] as const;

let directory: string;
let store: LayoutStore;
let browser: Browser;

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), "oci-kit-html-"));
  store = await openLayout(join(directory, "layout"), { create: true });
  browser = await startChromium();
});
afterAll(async () => {
  await browser.close();
  rmSync(directory, { recursive: true });
});

const nested = {
  "opt/one/deep/a": "a".repeat(40_000),
  "opt/one/b": "b".repeat(9_000),
  "opt/two/c": "c".repeat(20_000),
};
const tree: LayerFiles = { ...WHOLE, ...nested };

/** Builds an image for riscv64. */
async function build(tag: string, ...layers: readonly LayerFiles[]): Promise<void> {
  const platform = { os: "linux", architecture: "riscv64" };
  await buildImage(store, { layers, config: EXECUTION, platform, tag });
}

/** Runs the program, and returns the page that it wrote. */
function page(
  command: "verify" | "diff" | "verify-links",
  ...tags: readonly string[]
): { file: string; status: number | null } {
  const file = join(directory, `${tags.join("-")}.html`);
  const references = tags.map((tag) => `oci:${join(directory, "layout")}:${tag}`);
  const words = [CLI, command, ...references, "--html", file, "--quiet"];
  const { status, stderr } = spawnSync(process.execPath, words, { encoding: "utf8" });
  expect(stderr).toBe("");
  return { file, status };
}

/** The least contrast of any text with what is behind it, as WCAG 2 counts it. */
const LEAST_CONTRAST = `(() => {
  const parse = (text) => text.match(/[\\d.]+/g).map(Number);
  const light = ([r, g, b]) => [r, g, b].map((c) => c / 255)
    .map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4))
    .reduce((sum, c, at) => sum + c * [0.2126, 0.7152, 0.0722][at], 0);
  const behind = (element) => {
    for (let at = element; at !== null; at = at.parentElement) {
      const colour = parse(getComputedStyle(at).backgroundColor);
      if (colour.length === 3 || colour[3] === 1) return colour;
    }
    return [255, 255, 255];
  };
  let least = [Infinity, ""];
  for (const element of document.querySelectorAll("body *:not(svg *, script, option)")) {
    const hasText = [...element.childNodes].some((node) => node.nodeType === 3 && node.data.trim() !== "");
    if (!hasText || element.getClientRects().length === 0) continue;
    const [one, other] = [light(parse(getComputedStyle(element).color)), light(behind(element))];
    const contrast = (Math.max(one, other) + 0.05) / (Math.min(one, other) + 0.05);
    if (contrast < least[0]) least = [contrast, element.outerHTML.slice(0, 120)];
  }
  return least;
})()`;

/** Opens a page on a desk and on a phone, light and dark. */
async function expectGood(file: string, widths: readonly number[] = [1280, 390]): Promise<void> {
  for (const scheme of SCHEMES) {
    for (const width of widths) {
      await browser.open(file, { width, scheme });
      const [contrast, element] = await browser.evaluate<[number, string]>(LEAST_CONTRAST);
      expect(contrast, `contrast of ${element}, ${scheme}`).toBeGreaterThanOrEqual(4.5);
      const wide = await browser.evaluate<number>("document.documentElement.scrollWidth");
      expect(wide, `${width} pixels`).toBeLessThanOrEqual(width);
      expect(browser.incidents).toEqual([]);
    }
  }
}

const tiles = (image: number): string =>
  `[...document.querySelectorAll("#image-${image} .map > .tile")]`;
const focused = (): Promise<string> =>
  browser.evaluate(
    "document.activeElement.getAttribute('aria-label') ?? document.activeElement.textContent",
  );
const crumbs = (): Promise<string> =>
  browser.evaluate(
    "[...document.querySelectorAll('#image-0 .crumbs li')].map((one) => one.textContent).join(' ')",
  );

describe("the page of an image", () => {
  it("asks for nothing, says nothing on the console, and can be read everywhere, in light and dark", async () => {
    await build("clean", tree);
    const { file, status } = page("verify", "clean");
    expect(status).toBe(0);
    await expectGood(file);
    expect(await browser.evaluate("document.querySelector('.verdict').textContent")).toContain(
      "All right",
    );
  });

  it("opens and leaves directories with the keyboard alone, and the focus is seen", async () => {
    const { file } = page("verify", "clean");
    await browser.open(file, { width: 1280, scheme: "light" });
    await browser.press("Tab");
    expect(await focused()).toBe("Skip to the report");
    await browser.evaluate(`${tiles(0)}[0].focus()`);
    expect(await focused()).toMatch(/^opt: 69\.4 kB/);
    await browser.press("ArrowRight");
    expect(await focused()).not.toMatch(/^opt/);
    await browser.press("Home");
    await browser.press("Enter");
    expect(await crumbs()).toBe("/ opt");
    expect(await focused()).toMatch(/^one: 49\.0 kB/);
    await browser.press("Enter");
    expect(await crumbs()).toBe("/ opt one");
    await browser.press("Escape");
    expect(await focused()).toMatch(/^one: /);
    await browser.press("Backspace");
    expect(await crumbs()).toBe("/");
    const outline = await browser.evaluate("getComputedStyle(document.activeElement).outlineStyle");
    expect(outline).toBe("solid");
    expect(browser.incidents).toEqual([]);
  });

  it("lists what is wrong first, and draws the program that misses a library with it", async () => {
    const needy = elfObject({
      machine: RISCV64,
      interpreter: LOADER,
      needed: ["libc.so.6", "libgone.so"],
    });
    await build("wrong", {
      ...tree,
      "usr/bin/needy": run(needy),
      "usr/bin/nowhere": { symlink: "/gone" },
    });
    const { file, status } = page("verify", "wrong");
    expect(status).toBe(2);
    await expectGood(file);
    expect(
      await browser.evaluate("document.querySelector('article section').textContent"),
    ).toContain("libgone.so");
    const nodes = await browser.evaluate<string[]>(
      "[...document.querySelectorAll('.node')].map((one) => one.getAttribute('class') + ' ' + one.textContent)",
    );
    expect(nodes).toContain("node program needy");
    expect(nodes).toContain("node missing libgone.so");
    await browser.evaluate("document.querySelector('.node').focus()");
    await browser.press("ArrowRight");
    expect(await focused()).toMatch(
      /^(libgone\.so: missing|\/.*libc\.so\.6) · needed by needy|^\/.*libc\.so\.6/,
    );
    expect(await browser.evaluate("document.querySelector('.chain.broken').textContent")).toContain(
      "/gone",
    );
  });
});

it("two images side by side: what is new and what grew, and both trees open together", async () => {
  await build("next", {
    ...tree,
    "opt/two/c": "c".repeat(60_000),
    "opt/three/new": "n".repeat(5_000),
  });
  const { file } = page("verify", "clean", "next");
  await expectGood(file);
  const rows = await browser.evaluate<string>("document.querySelector('.comparison').innerText");
  expect(rows).toMatch(/grew\s+\+40\.0 kB\s+60\.0 kB\s+\/opt\/two\/c/);
  expect(rows).toMatch(/new\s+\+5\.0 kB\s+5\.0 kB\s+\/opt\/three/);
  await browser.evaluate(
    "document.querySelectorAll('.pair .map')[1].querySelector('.opens').click()",
  );
  const trails = await browser.evaluate(
    "[...document.querySelectorAll('.pair .crumbs')].map((one) => one.innerText.replace(/\\s+/g, ' '))",
  );
  expect(trails).toEqual(["/ opt", "/ opt"]);
  expect(page("diff", "clean", "next").status).toBe(2);
  await expectGood(join(directory, "clean-next.html"));
  expect(await browser.evaluate("document.querySelector('#differences').innerText")).toContain(
    "/opt/three/new",
  );
});

it("verify-links draws every link hop by hop, those that lead nowhere first, and a loop once around", async () => {
  await build("links", {
    ...WHOLE,
    "usr/bin/cc": { symlink: "/etc/alternatives/cc" },
    "etc/alternatives/cc": { symlink: "/opt/gcc/bin/gcc" },
    "usr/bin/gcc": { symlink: "g++" },
    "usr/bin/g++": { symlink: "gcc" },
  });
  const { file, status } = page("verify-links", "links");
  expect(status).toBe(2);
  await expectGood(file);
  const chains = await browser.evaluate<string[]>(
    "[...document.querySelectorAll('.chain')].map((one) => one.innerText.replace(/\\s+/g, ' '))",
  );
  expect(chains[0]).toMatch(/links without end$/);
  expect(chains.at(-1)).toMatch(/^\/usr\/bin\/cc .*\/opt\/gcc\/bin\/gcc .*ELF riscv64$/);
});

it("names can't put anything into the page", async () => {
  const names = [
    "</script><script>alert(1)</script>",
    "<!--<script>",
    '"><img src=x onerror=alert(2)>',
    "' onfocus='alert(3)' autofocus='",
    "${alert(4)}{{7*7}}\u202egnp.exe\u0007",
    "a".repeat(255),
  ].map((name) => name.replaceAll("/", "\\"));
  const files = Object.fromEntries(
    names.map((name) => [
      `opt/${name}/x`,
      run(elfObject({ machine: RISCV64, interpreter: LOADER, needed: [`${name}.so`] })),
    ]),
  );
  const links = Object.fromEntries(
    names.map((name) => [`srv/l${name.slice(0, 200)}`, { symlink: name }]),
  );
  await build("hostile", { ...WHOLE, ...files, ...links });
  const { file } = page("verify", "hostile");
  await expectGood(file);
  expect(
    await browser.evaluate(
      "document.querySelectorAll('img, iframe, object, embed, link, base').length",
    ),
  ).toBe(0);
  expect(await browser.evaluate("document.scripts.length")).toBe(2);
  expect(
    await browser.evaluate(
      "[...document.querySelectorAll('*')].filter((one) => one.getAttributeNames().some((name) => name.startsWith('on'))).length",
    ),
  ).toBe(0);
  expect(await browser.evaluate("document.body.textContent")).toContain(
    '"><img src=x onerror=alert(2)>',
  );
});

it("70,000 entries make a page of a bounded size, which says how many are summed up", async () => {
  const files: Record<string, string> = {};
  for (let at = 0; at < 70_000; at += 1) files[`srv/${at % 700}/file-${at}`] = "x".repeat(at % 97);
  await build("large", WHOLE, files);
  const { file } = page("verify", "large");
  expect(statSync(file).size).toBeLessThan(1_000_000);
  await expectGood(file, [390]);
  expect(await browser.evaluate("document.querySelector('#image-0-files').innerText")).toMatch(
    /7\d,\d{3} entries.*\n?.*The 6\d,\d{3} smallest are summed up/,
  );
});
