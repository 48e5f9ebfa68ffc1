// SPDX-License-Identifier: MIT
import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import { directory, file, makeTar, mergeImage } from "../../../test/fixtures/layers.ts";
import { makeReport } from "../../../test/fixtures/report.ts";
import { fromText } from "../../bytes/byte-string.ts";
import { measureTree } from "../look/sized-tree.ts";
import { embedJson, html } from "./markup.ts";
import type { PageEntry } from "./page-data.ts";
import { cutTree, MOST_ENTRIES } from "./page-tree.ts";
import { renderPage } from "./render-page.ts";

const HOSTILE = "</script><img src=x onerror=alert(1)> \" ' & <!-- \u2028";

describe("markup", () => {
  it("escapes what is put in, in content and in attributes, and markup is kept", () => {
    const inner = html`<b>${HOSTILE}</b>`;
    expect(String(html`<p title="${'"x'}">${inner}${[inner]}${undefined}${3}</p>`)).toBe(
      `<p title="&quot;x">${String(inner)}${String(inner)}3</p>`,
    );
    expect(String(inner)).not.toMatch(/<img|<\/script|"|'/);
  });

  it("has no way out of a script element for what lies in it as JSON", () => {
    const text = embedJson({ [HOSTILE]: HOSTILE });
    expect(text).not.toMatch(/[<>\u2028]/);
    expect(JSON.parse(text)).toEqual({ [HOSTILE]: HOSTILE });
  });
});

describe("the page", () => {
  const report = makeReport([
    { code: "user-missing", severity: "error", path: fromText(HOSTILE), message: HOSTILE },
  ]);

  it("allows exactly its own script and style, and names nothing outside", () => {
    const page = renderPage(report);
    for (const name of ["script", "style"]) {
      const content = new RegExp(`<${name}>([\\s\\S]*?)</${name}>`).exec(page)![1]!;
      const hash = createHash("sha256").update(content).digest("base64");
      expect(page).toContain(`${name}-src &#39;sha256-${hash}&#39;`);
    }
    expect(page).toContain("default-src &#39;none&#39;");
    expect(page.replace(/<script>[\s\S]*$/, "")).not.toMatch(/\b(src|href)="(?!#)|@import|url\(/);
  });

  it("is the same for the same report, and has the findings without its script", () => {
    expect(renderPage(report)).toBe(renderPage(report));
    const [before] = renderPage(report).split("<script");
    expect(before).toContain("user-missing");
    expect(before).not.toContain("<img");
  });

  it("carries the licenses of the packages in its script", () => {
    const page = renderPage(report);
    for (const name of ["d3-hierarchy", "@dagrejs/dagre"]) expect(page).toContain(`${name} `);
    expect(page).toContain("Permission");
  });
});

describe("the tree of a page", () => {
  it("has the largest entries, and sums of all others that add up", async () => {
    const pieces = [directory("d"), directory("e")];
    for (let at = 0; at < MOST_ENTRIES; at += 1) pieces.push(file(`d/${at}`, "x".repeat(at % 50)));
    const tree = measureTree(
      await mergeImage([makeTar([...pieces, file("e/large", "y".repeat(999))])]),
    );
    const { top, summed } = cutTree(tree, undefined);
    expect(countEntries(top)).toEqual({ entries: MOST_ENTRIES, sums: 1 });
    expect(summed).toBe(tree.entries - MOST_ENTRIES);
    expect(sumOfLeaves(top)).toBe(tree.bytes);
    expect(top[5]!.flatMap((one) => one[5] ?? []).some((one) => one[0] === "large")).toBe(true);
  });
});

function countEntries([name, , , , , children = []]: PageEntry): { entries: number; sums: number } {
  const own = name === "" ? { entries: 0, sums: 1 } : { entries: 1, sums: 0 };
  return children
    .map(countEntries)
    .reduce((sum, one) => ({ entries: sum.entries + one.entries, sums: sum.sums + one.sums }), own);
}

function sumOfLeaves(entry: PageEntry): number {
  const children = entry[5] ?? [];
  return children.length === 0
    ? entry[1]
    : children.reduce((sum, child) => sum + sumOfLeaves(child), 0);
}
