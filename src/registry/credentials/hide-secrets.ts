// SPDX-License-Identifier: MIT
import { escapeText } from "../../bytes/byte-string.ts";

/**
 * Text without these secrets, in every form in which others repeat what they were sent: as it is, and as JSON, forms
 * and our own messages escape it. A secret of one or two characters stays: it is part of every word.
 */
export function hideSecrets(text: string, secrets: readonly string[]): string {
  return secrets
    .filter((secret) => secret.length > 2)
    .flatMap(spellings)
    .sort((a, b) => b.length - a.length)
    .reduce((shown, secret) => shown.replaceAll(secret, "…"), text);
}

function spellings(secret: string): readonly string[] {
  const form = new URLSearchParams({ secret }).toString().slice("secret=".length);
  const percent = form.replaceAll("+", "%20");
  return [secret, JSON.stringify(secret).slice(1, -1), escapeText(secret), form, percent];
}
