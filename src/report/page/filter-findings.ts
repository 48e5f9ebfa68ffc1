// SPDX-License-Identifier: MIT
import { find } from "./elements.ts";
import { formatCount } from "./entries.ts";

/** Lets somebody see only the findings that contain a text. */
export function filterFindings(host: HTMLElement): void {
  const search = find(host, "input[type=search]") as HTMLInputElement;
  const rows = [...host.querySelectorAll<HTMLElement>("tbody tr")];
  const texts = rows.map((row) => row.textContent.toLowerCase());
  search.addEventListener("input", () => {
    const wanted = search.value.trim().toLowerCase();
    let shown = 0;
    rows.forEach((row, at) => {
      row.hidden = !texts[at]!.includes(wanted);
      if (!row.hidden) shown += 1;
    });
    find(host, ".found").textContent = `${formatCount(shown)} of ${formatCount(rows.length)}`;
  });
}
