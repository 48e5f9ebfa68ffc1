// SPDX-License-Identifier: MIT
import { toText } from "../../bytes/byte-string.ts";
import type { ReferenceComparison } from "../../disk/look/compare-references.ts";
import type { Difference } from "../../rootfs/compare/compare-trees.ts";
import { count, formatCount, shorten } from "./figures.ts";
import { html, type Markup } from "./markup.ts";

/** More differences are counted, and in `diff --json`. */
const MOST_DIFFERENCES = 1000;

/** What `diff` found: every path, and every field of the configuration, that differs. */
export function differencesSection(id: string, comparison: ReferenceComparison): Markup {
  const { compared, differences, configuration = [] } = comparison;
  const shown = differences.slice(0, MOST_DIFFERENCES);
  const left = differences.length - shown.length;
  const fields = configuration.map(({ field, one = "none", other = "none" }) => [
    field,
    one,
    other,
  ]);
  return html`<section id="${id}" aria-labelledby="${id}-title">
    <h2 id="${id}-title">Differences</h2>
    <p>
      ${count(compared, "path")} compared: ${count(differences.length, "path")} and
      ${count(configuration.length, "field")} of the configuration differ.
      ${comparison.configuration === undefined ? "The configuration was not compared." : ""}
    </p>
    ${fields.length === 0 ? undefined : table("Configuration", fields.map(row))}
    ${shown.length === 0 ? undefined : table("Path", shown.flatMap(rowsOf).map(row))}
    ${
      left === 0
        ? undefined
        : html`<p class="left-out">${formatCount(left)} more are left out here; --json has all.</p>`
    }
  </section>`;
}

function rowsOf({ path, kind, fields }: Difference): readonly (readonly string[])[] {
  const name = toText(path);
  if (kind === "missing") return [[name, "there", "not there"]];
  if (kind === "unexpected") return [[name, "not there", "there"]];
  return fields.map(({ field, expected, got }, at) => [
    `${at === 0 ? name : ""} ${field}`.trim(),
    ...[expected, got],
  ]);
}

function row([what = "", ...sides]: readonly string[]): Markup {
  return html`<tr>
    <td><code class="path">${shorten(what)}</code></td>
    ${sides.map((text) => html`<td>${shorten(text)}</td>`)}
  </tr>`;
}

function table(what: string, rows: readonly Markup[]): Markup {
  return html`<div class="scroll" role="region" aria-label="${what}" tabindex="0">
    <table>
      <thead>
        <tr>
          <th scope="col">${what}</th>
          <th scope="col">First</th>
          <th scope="col">Second</th>
        </tr>
      </thead>
      <tbody>
        ${rows}
      </tbody>
    </table>
  </div>`;
}
