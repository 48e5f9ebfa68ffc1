// SPDX-License-Identifier: MIT
import { expect, it } from "vitest";
import { escapeText } from "../../bytes/byte-string.ts";
import { hideSecrets } from "./hide-secrets.ts";

const SECRET = 'p"a\\s s+/=\n\u0007ä';

it.each([
  ["as it is", SECRET],
  ["as JSON", JSON.stringify(SECRET)],
  ["in a form", new URLSearchParams({ refresh_token: SECRET }).toString()],
  ["in a URL", encodeURIComponent(SECRET)],
  ["escaped for a terminal", escapeText(SECRET)],
])("a secret is hidden %s", (_, text) => {
  expect(hideSecrets(`<${text}>`, [SECRET])).toMatch(/^<"?(refresh_token=)?…"?>$/);
});

it("the longest secret is hidden first, so that no rest of it stays", () => {
  expect(hideSecrets("abcdef abc", ["abc", "abcdef"])).toBe("… …");
});

it("text with a lone half of a character in the secret is no trouble", () => {
  expect(hideSecrets("x\ud800yz", ["x\ud800y"])).toBe("…z");
});
