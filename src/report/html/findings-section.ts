// SPDX-License-Identifier: MIT
import { toText } from "../../bytes/byte-string.ts";
import type { ListedFinding } from "../list-findings.ts";
import { count, formatCount, shorten } from "./figures.ts";
import { html, type Markup } from "./markup.ts";

/** More findings are counted, and in the other formats. */
const MOST_FINDINGS = 1000;
/** From so many on they can be searched. */
const SEARCHABLE = 12;

/** The findings of an image, or of the content of a store. Errors come first. */
export function findingsSection(
  id: string,
  findings: readonly ListedFinding[],
  allRight: string,
): Markup {
  const shown = findings.slice(0, MOST_FINDINGS);
  const left = findings.length - shown.length;
  return html`<section id="${id}" aria-labelledby="${id}-title" data-findings>
    <h3 id="${id}-title">Findings</h3>
    ${findings.length === 0 ? html`<p class="right">✓ ${allRight}</p>` : undefined}
    ${findings.length >= SEARCHABLE ? search(findings.length) : undefined}
    ${findings.length === 0 ? undefined : table(id, shown)}
    ${
      left > 0
        ? html`<p class="left-out">
            ${formatCount(left)} more are left out here; --json and --sarif have all.
          </p>`
        : undefined
    }
  </section>`;
}

function search(all: number): Markup {
  return html`<p class="search scripted-only">
    <label>Only with <input type="search" autocomplete="off" spellcheck="false" /></label>
    <output class="found">${formatCount(all)} of ${formatCount(all)}</output>
  </p>`;
}

function table(id: string, findings: readonly ListedFinding[]): Markup {
  return html`<div class="scroll" role="region" aria-labelledby="${id}-title" tabindex="0">
    <table class="findings">
      <thead>
        <tr>
          <th scope="col">Severity</th>
          <th scope="col">Code</th>
          <th scope="col">What is wrong</th>
        </tr>
      </thead>
      <tbody>
        ${findings.map(row)}
      </tbody>
    </table>
  </div>`;
}

function row({ severity, code, rule, policy, message, path }: ListedFinding): Markup {
  const sentence = shorten(message);
  const start = path === undefined ? "" : shorten(toText(path));
  const isAboutPath = start !== "" && sentence.startsWith(start);
  const rest = isAboutPath ? sentence.slice(start.length) : sentence;
  return html`<tr class="${severity}">
    <td><span class="badge">${severity}</span></td>
    <td>
      <code title="${rule.holds}">${code}</code
      >${policy === undefined ? undefined : html`<br /><small>policy ${shorten(policy)}</small>`}
    </td>
    <td>${isAboutPath ? html`<code class="path">${start}</code>` : undefined}${rest}</td>
  </tr>`;
}

/** `2 errors, 1 note`. */
export function countFindings(findings: readonly { readonly severity: string }[]): string {
  const errors = findings.filter(({ severity }) => severity === "error").length;
  const notes = findings.length - errors;
  return [
    errors === 0 ? "nothing wrong" : count(errors, "error"),
    ...(notes > 0 ? [count(notes, "note")] : []),
  ].join(", ");
}
