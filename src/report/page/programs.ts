// SPDX-License-Identifier: MIT
import type { PageProgram, PagePrograms } from "../html/page-data.ts";
import { drawClosure } from "./closure-drawing.ts";
import { element, find } from "./elements.ts";
import { formatCount } from "./entries.ts";

const MARKS = { broken: "✗ ", started: "▶ ", other: "" } as const;
/** A list of all programs of an image would be slow to open. */
const MOST_LISTED = 500;

/** Lets somebody choose a program, and draws what it loads. */
export function showPrograms(host: HTMLElement, programs: PagePrograms): void {
  const search = find(host, "input[type=search]") as HTMLInputElement;
  const list = find(host, "select") as HTMLSelectElement;
  const every = find(host, "input[type=checkbox]") as HTMLInputElement;
  const facts = find(host, ".facts");
  const drawing = find(host, ".graph");

  const draw = (): void => {
    const chosen = programs.programs[Number(list.value)];
    if (chosen === undefined || list.value === "") return;
    const tell = (text: string): void => void (facts.textContent = text);
    const { svg, lines } = drawClosure(programs, chosen.object, every.checked, tell);
    drawing.replaceChildren(svg);
    drawing.scrollTo(0, 0);
    tell(lines[0] ?? "");
    find(host, ".as-text").replaceChildren(...lines.map((line) => element("li", {}, line)));
  };
  const fill = (): void => {
    const wanted = search.value.trim().toLowerCase();
    const found = programs.programs
      .map((program, at) => ({ program, at, path: programs.objects[program.object] ?? "" }))
      .filter(({ path }) => path.toLowerCase().includes(wanted));
    const shown = found.slice(0, MOST_LISTED);
    list.replaceChildren(...shown.map(({ program, at, path }) => option(program, at, path)));
    find(host, ".found").textContent =
      found.length > shown.length
        ? `${formatCount(found.length)} programs; the first ${formatCount(shown.length)} are listed`
        : `${formatCount(found.length)} programs`;
    list.selectedIndex = shown.length > 0 ? 0 : -1;
    draw();
  };
  search.addEventListener("input", fill);
  list.addEventListener("change", draw);
  every.addEventListener("change", draw);
  fill();
}

function option({ state }: PageProgram, at: number, path: string): HTMLOptionElement {
  return element("option", { value: at }, `${MARKS[state]}${path}`);
}
