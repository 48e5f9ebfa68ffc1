// SPDX-License-Identifier: MIT
import type { PageData } from "../html/page-data.ts";
import { find } from "./elements.ts";
import type { Side } from "./entries.ts";
import { filterFindings } from "./filter-findings.ts";
import { showPrograms } from "./programs.ts";
import { drawTreemap, type Treemap } from "./treemap.ts";

const data = JSON.parse(find(document, "#data").textContent) as PageData;

document.documentElement.classList.add("scripted");
for (const host of document.querySelectorAll<HTMLElement>("[data-tree]")) {
  if (host.closest("[data-pair]") === null) drawTree(host);
}
for (const pair of document.querySelectorAll("[data-pair]")) drawPair(pair);
for (const host of document.querySelectorAll<HTMLElement>("[data-programs]")) {
  const programs = data.images[Number(host.dataset["programs"])]?.programs;
  if (programs !== undefined) showPrograms(host, programs);
}
for (const host of document.querySelectorAll<HTMLElement>("[data-findings]:has(.search)"))
  filterFindings(host);

function drawTree(
  host: HTMLElement,
  onOpen?: (path: readonly string[]) => void,
): Treemap | undefined {
  const tree = data.images[Number(host.dataset["tree"])]?.tree;
  const side = host.dataset["side"] as Side | undefined;
  return tree && drawTreemap(host, tree, { side, onOpen });
}

/** Two trees side by side: what is opened in one is opened in the other. */
function drawPair(pair: Element): void {
  const hosts = [...pair.querySelectorAll<HTMLElement>("[data-tree]")];
  const maps: readonly (Treemap | undefined)[] = hosts.map((host, at) =>
    drawTree(host, (path) => maps[1 - at]?.open(path)),
  );
}
